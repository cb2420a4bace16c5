// zlib's compressor, for bodies of answers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <zlib.h>

namespace thane::wsgi::internal {

/// What is to come out of a Deflater together with what went in.
enum class Flush : std::uint8_t {
  none,  ///< What is there.
  all,   ///< All that went in.
  end,   ///< That, and the end of the gzip member.
};

/// One gzip member in the making; some 256 KiB.
class Deflater {
 public:
  /// Throws std::bad_alloc.
  explicit Deflater(int level);
  ~Deflater();
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  /// May be called on any thread, one at a time.
  [[nodiscard]] std::string add(std::string_view data, Flush flush);

 private:
  z_stream stream_{};
};

}  // namespace thane::wsgi::internal
