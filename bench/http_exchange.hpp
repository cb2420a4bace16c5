// The least of HTTP that a benchmark's client needs: a GET, its answer, and ports.
#pragma once

#include <netinet/in.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <thane/unique_fd.hpp>

namespace thane::bench {

enum class Connections {
  anew,  ///< One for each request.
  kept,  ///< As long as the server keeps them.
};

[[nodiscard]] sockaddr_in loopback(int port);
[[nodiscard]] std::string get_request(std::string_view path, Connections connections);

struct Answer {
  int status = 0;
  bool closes = false;  ///< The server said that this answer ends the connection.
  std::string_view body;
};

/// The answer that `received` begins with, once it is there as far as Content-Length says; points
/// into `received`.
[[nodiscard]] std::optional<Answer> read_answer(std::string_view received);

/// A connection that is asked and read blockingly.
class HttpConnection {
 public:
  static constexpr std::chrono::milliseconds default_limit{2000};

  /// Whether the server was there is what connected() tells.
  explicit HttpConnection(int port, std::chrono::milliseconds limit = default_limit);

  [[nodiscard]] bool connected() const noexcept { return static_cast<bool>(socket_); }
  void send_get(std::string_view path, Connections connections);
  /// The body of an answer with status 200; nothing if none came whole, or nothing for `limit`.
  [[nodiscard]] std::optional<std::string> receive(std::chrono::milliseconds limit = default_limit);

 private:
  void limit_waits(int which, std::chrono::milliseconds limit);

  UniqueFd socket_;
};

/// One GET over a connection of its own; the body, or nothing if it was not answered.
[[nodiscard]] std::optional<std::string> http_get(int port, const std::string& path);
/// Asks until there is an answer; false if there is none within `limit`.
[[nodiscard]] bool until_answer(int port, std::chrono::milliseconds limit);

/// A port of the loopback address that was free a moment ago.
[[nodiscard]] int free_port();
/// Whether nobody listens on it.
[[nodiscard]] bool is_free(int port);

}  // namespace thane::bench
