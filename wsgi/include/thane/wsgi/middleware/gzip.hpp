// Compresses answers for clients that can take it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <thane/wsgi/filter.hpp>
#include <thane/wsgi/settings.hpp>

namespace thane::wsgi {

struct GzipOptions {
  int level = 6;  ///< Of zlib: 1, the fastest, to 9, the smallest.
  /// Bodies known to be shorter than this, in octets, are left alone.
  std::size_t minimum_size = 1024;
  /// Media types that are compressed; "text/" is all that begins so, "+json" all that end so.
  std::vector<std::string> types = {"text/",
                                    "application/json",
                                    "application/javascript",
                                    "application/xml",
                                    "application/yaml",
                                    "application/wasm",
                                    "application/manifest+json",
                                    "+json",
                                    "+xml"};
};

/// Compresses what the application answers with gzip, if the client's Accept-Encoding prefers it to
/// nothing, and the answer is one of 200 to 299 or an error, of one of the types, and not encoded
/// already. Left alone are 206 (its octets are those of the plain body), 204, 205, and answers
/// whose Cache-Control says no-transform.
///
///     app = wsgi::gzip()(app);
///
/// Each answer that might be compressed says "Vary: Accept-Encoding", compressed or not. A
/// compressed one has "Content-Encoding: gzip" and a weak ETag, as its octets differ from those the
/// tag was made for; of Accept-Ranges it says nothing. HEAD is answered with the fields of GET.
///
/// Strings keep a Content-Length. A stream is compressed piece by piece: what goes in with a piece
/// comes out with it, so that the client can use it at once. A FileBody, which is never waited for,
/// is not flushed between pieces. Large pieces are compressed on a thread of offload().
///
/// Do not compress secrets beside text that a stranger chooses, over TLS: the length tells
/// (BREACH). Throws std::invalid_argument for a level that zlib does not have.
[[nodiscard]] Filter gzip(GzipOptions options = {});

/// A Paste factory: `compress_level` as Paste's gzip has it, `minimum_size`, and `types`, words.
[[nodiscard]] Filter make_gzip(const Settings& global_conf, const Settings& local_conf);

}  // namespace thane::wsgi
