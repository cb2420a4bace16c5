// The smallest HTTP client that tests need: one connection, blocking, nothing hidden.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <thane/unique_fd.hpp>

namespace thane::testing {

/// A TCP port of 127.0.0.1 that was free a moment ago. Ports are handed out in an order that
/// differs from process to process, so that tests running side by side do not meet.
[[nodiscard]] std::uint16_t free_port();
/// True if a connection to the port of 127.0.0.1 is accepted right now.
[[nodiscard]] bool port_answers(std::uint16_t port);

/// A connection to the port of 127.0.0.1. Throws std::system_error if nobody listens.
[[nodiscard]] UniqueFd connect_to(std::uint16_t port);

struct HttpResponse {
  int status = 0;  ///< 0: the connection ended before a whole response had come.
  std::vector<std::pair<std::string, std::string>> headers;  ///< Names in lower case.
  std::string body;

  /// The value of a header by its name in lower case; empty if there is none.
  [[nodiscard]] std::string header(std::string_view name) const;
};

/// One connection. Waits end after patience(): receiving then answers what has come so far.
class HttpClient {
 public:
  /// Throws std::system_error if nobody listens.
  explicit HttpClient(std::uint16_t port);
  /// The same over a Unix socket.
  explicit HttpClient(const std::string& path);

  /// Sends GET and receives the response; the connection stays open if the server keeps it.
  HttpResponse get(std::string_view path);
  /// Sends GET alone; several may be sent before the first receive_response().
  void send_get(std::string_view path);
  /// Reads one response: Content-Length, chunked, or up to the end of the connection.
  HttpResponse receive_response();
  /// Reads the head of one response, "100 Continue" and the like too.
  std::string receive_head();
  /// So many bytes, or fewer at the end of the connection.
  std::string receive_exactly(std::size_t size);

  /// Reads until `text` has come, and leaves it for receive_response(); false if it does not come.
  bool await(std::string_view text) { return read_until(text); }

  /// False if the peer is gone.
  bool send_raw(std::string_view bytes);
  /// All bytes up to the end of the connection.
  std::string receive_to_end();
  /// True if the server has closed the connection, after waiting for it.
  [[nodiscard]] bool closed_by_server();

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

 private:
  bool read_more();
  bool read_until(std::string_view mark);
  std::string take(std::size_t size);
  std::string read_chunks();

  UniqueFd fd_;
  std::string buffer_;
};

/// One GET over a connection of its own; status 0 if there is no answer.
[[nodiscard]] HttpResponse http_get(std::uint16_t port, std::string_view path);

}  // namespace thane::testing
