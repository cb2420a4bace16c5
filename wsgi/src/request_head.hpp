// The head of an HTTP/1.x request: parsed strictly, without copying and without allocating.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <thane/wsgi/field.hpp>

namespace thane::wsgi::internal {

/// What bounds a head. Each is an option of wsgi::Server, under the name in the comment; but
/// `secure`, which says that heads come over TLS.
struct HeadLimits {
  std::size_t line = 16384;   ///< max_header_line: octets of one field line; beyond: 431.
  std::size_t target = 8192;  ///< max_url_len: octets of the request target; beyond: 414.
  std::size_t head = 65536;   ///< max_header_size: octets of the whole head; beyond: 431.
  std::size_t fields = 100;   ///< max_headers, at most max_fields; beyond: 431.
  bool secure = false;
};

inline constexpr std::size_t max_fields = 128;
inline constexpr std::size_t max_method = 32;

/// RFC 9112 3.2.
enum class TargetForm : std::uint8_t { origin, absolute, authority, asterisk };

/// How the body of a request ends (RFC 9112 6.3).
enum class BodyFraming : std::uint8_t { none, length, chunked };

/// A host that was found to be valid: clients send the same one again and again.
class KnownHost {
 public:
  [[nodiscard]] bool is(std::string_view host) const noexcept {
    return host == std::string_view{text_.data(), size_};
  }
  void remember(std::string_view host) noexcept {
    if (host.size() > text_.size()) return;
    host.copy(text_.data(), host.size());
    size_ = host.size();
  }

 private:
  std::array<char, 64> text_;
  std::size_t size_ = 0;
};

/// All views point into the buffer that was parsed.
struct RequestHead {
  std::string_view method;
  std::string_view target;  ///< As sent.
  std::string_view path;   ///< Not decoded; "/" for an absolute form without one, "*" for asterisk.
  std::string_view query;  ///< Without '?'.
  std::string_view authority;  ///< Of the target if it has one, else the value of Host.
  TargetForm form = TargetForm::origin;
  bool plain_target = false;  ///< It holds neither '?' nor '%'.
  BodyFraming framing = BodyFraming::none;
  bool keep_alive = true;
  bool expects_continue = false;
  int minor_version = 1;
  std::uint64_t content_length = 0;
  std::size_t field_count = 0;
  KnownHost known_host;  ///< Of an earlier head.
  std::array<Field, max_fields> field_store;

  [[nodiscard]] std::span<const Field> fields() const { return {field_store.data(), field_count}; }
};

/// What came of parsing.
struct ParseResult {
  enum class Kind : std::uint8_t {
    complete,   ///< `size` octets are the head.
    need_more,  ///< Nothing wrong so far.
    refused,    ///< Answer `status` and close.
  };
  Kind kind = Kind::need_more;
  std::size_t size = 0;
  int status = 0;
  const char* reason = "";  ///< For people; a constant.
};

/// Parses the head at the start of `input`. `head` is valid only if the result is `complete`.
[[nodiscard]] ParseResult parse_head(std::string_view input, const HeadLimits& limits,
                                     RequestHead& head);

}  // namespace thane::wsgi::internal
