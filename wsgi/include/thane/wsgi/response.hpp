// What an application answers: status, headers, and a body as a string or as a stream.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thane::wsgi {

/// Yields the next piece of a body, and nullopt at its end. Each piece is sent before the next is
/// asked for; an empty one is skipped. It runs on the connection's fiber and may suspend. If it
/// throws after the first piece went out the connection is cut, so that the client sees the body is
/// incomplete.
using BodyStream = std::function<std::optional<std::string>()>;

/// An HTTP answer; a value.
///
///     return wsgi::Response::text("hello\n");
///     return wsgi::Response::json({{"id", 7}}).set_status(201).add_header("Location", "/items/7");
///     return wsgi::Response{404};
///
/// The server adds Date, Server, Content-Length or Transfer-Encoding, and Connection itself; of the
/// application's own headers it keeps Date and Server, and drops those that concern the connection
/// (Connection, Keep-Alive, Proxy-Connection, TE, Trailer, Transfer-Encoding, Upgrade). A
/// Content-Length is kept for a stream (which is then cut or the connection closed if it does not
/// hold it), and for answers that have no body: to HEAD, and 304.
class Response {
 public:
  /// No body. Throws std::invalid_argument for a status outside of 200..599.
  explicit Response(int status = 200);

  /// 200, text/plain in UTF-8.
  [[nodiscard]] static Response text(std::string body);
  /// 200, application/json. Throws nlohmann's type_error for strings that are not UTF-8.
  [[nodiscard]] static Response json(const nlohmann::json& value);
  /// 200, the body from a generator; chunked for HTTP/1.1, ended by closing for HTTP/1.0.
  [[nodiscard]] static Response stream(BodyStream body, std::string_view content_type);

  /// `reason`: for the status line; default: the usual one of the status.
  Response& set_status(int status, std::string_view reason = {}) &;
  Response&& set_status(int status, std::string_view reason = {}) && {
    return std::move(set_status(status, reason));
  }

  /// Adds a field; several of one name are sent as several. Throws std::invalid_argument if the
  /// name is no token or the value holds CR, LF, NUL or another control character.
  Response& add_header(std::string_view name, std::string_view value) &;
  Response&& add_header(std::string_view name, std::string_view value) && {
    return std::move(add_header(name, value));
  }
  /// The same, in the place of all fields of that name.
  Response& set_header(std::string_view name, std::string_view value) &;
  Response&& set_header(std::string_view name, std::string_view value) && {
    return std::move(set_header(name, value));
  }

  /// Takes out all fields of that name.
  Response& remove_header(std::string_view name) &;

  Response& set_body(std::string body) & {
    body_ = std::move(body);
    return *this;
  }
  Response&& set_body(std::string body) && { return std::move(set_body(std::move(body))); }

  /// The body from a generator, in the place of a string.
  Response& set_stream(BodyStream body) & {
    stream_ = std::move(body);
    return *this;
  }
  Response&& set_stream(BodyStream body) && { return std::move(set_stream(std::move(body))); }

  /// Ends the connection after this answer.
  Response& close_connection() & {
    close_ = true;
    return *this;
  }

  using Headers = std::vector<std::pair<std::string, std::string>>;

  [[nodiscard]] int status() const noexcept { return status_; }
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }
  [[nodiscard]] const Headers& headers() const noexcept { return headers_; }
  /// The value of the first field of that name.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
  [[nodiscard]] const std::string& body() const noexcept { return body_; }
  [[nodiscard]] const BodyStream& body_stream() const noexcept { return stream_; }
  /// What text() and json() say; a Content-Type among the headers goes before it.
  [[nodiscard]] std::string_view default_content_type() const noexcept { return content_type_; }
  [[nodiscard]] bool closes_connection() const noexcept { return close_; }

 private:
  std::int16_t status_ = 200;
  bool close_ = false;
  std::string_view content_type_;  // A literal: the usual answer then allocates nothing.
  std::string reason_;
  Headers headers_;
  std::string body_;
  BodyStream stream_;
};

}  // namespace thane::wsgi
