// A Response as octets on the wire.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include <thane/wsgi/response.hpp>

namespace thane::wsgi::internal {

/// The usual reason phrase, or "Unknown".
[[nodiscard]] std::string_view reason_phrase(int status);

/// False for the statuses whose answers end with their head (RFC 9110 15): 204, 205, 304.
[[nodiscard]] constexpr bool may_have_body(int status) {
  return status != 204 && status != 205 && status != 304;
}

/// The fields that every answer has, behind the status line of most, made anew when the second
/// changes.
class StandardFields {
 public:
  static constexpr std::size_t status_line_size = 17;  ///< Of "HTTP/1.1 200 OK\r\n".
  static constexpr std::size_t server_size = 15;       ///< Of "Server: thane\r\n".

  /// "HTTP/1.1 200 OK\r\nServer: thane\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n" at time `now`.
  [[nodiscard]] std::string_view at(std::time_t now) {
    if (now != second_) make(now);
    return {text_, size_};
  }

 private:
  void make(std::time_t now);

  std::time_t second_ = -1;
  std::size_t size_ = 0;
  char text_[80] = {};
};

/// How the answer is to be sent, from what the request and the connection say.
struct Delivery {
  int minor_version = 1;      ///< Of the request.
  bool head_only = false;     ///< The method was HEAD.
  bool keep_alive = true;     ///< What the connection wants; the outcome is in Written.
  std::string_view standard;  ///< Of StandardFields.
};

/// What follows the head that was written.
struct Written {
  enum class Body : std::uint8_t { none, whole, chunked, counted, until_close };
  Body body = Body::none;
  bool keep_alive = true;
  std::uint64_t counted = 0;  ///< For `counted`: the octets the head promised.
};

/// Appends the head to `out`, and the body if it is a string and one is allowed. For a stream, the
/// caller sends the rest as Written says.
Written write_response(const Response& response, const Delivery& delivery, std::string& out);

/// Appends one chunk; an empty one, which would end the body, is left out.
void write_chunk(std::string_view data, std::string& out);
/// Appends the end of a chunked body.
void write_last_chunk(std::string& out);

}  // namespace thane::wsgi::internal
