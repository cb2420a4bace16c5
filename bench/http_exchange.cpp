#include "http_exchange.hpp"

#include <arpa/inet.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <thread>

#include <thane/check.hpp>

namespace thane::bench {

namespace {

using Clock = std::chrono::steady_clock;

/// The value of a field of the head; empty if there is none.
std::string_view field(std::string_view head, std::string_view name) {
  for (auto line = head.find("\r\n"); line != std::string_view::npos;
       line = head.find("\r\n", line)) {
    line += 2;
    const auto rest = head.substr(line);
    if (rest.size() > name.size() && rest[name.size()] == ':' &&
        ::strncasecmp(rest.data(), name.data(), name.size()) == 0) {
      auto value = rest.substr(name.size() + 1, rest.find("\r\n") - name.size() - 1);
      value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
      return value;
    }
  }
  return {};
}

std::size_t number(std::string_view digits) {
  std::size_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

UniqueFd tcp_socket() {
  return UniqueFd{check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
}

}  // namespace

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::string get_request(std::string_view path, Connections connections) {
  return std::string{"GET "}.append(path).append(
      connections == Connections::anew ? " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                                       : " HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

std::optional<Answer> read_answer(std::string_view received) {
  const auto head_end = received.find("\r\n\r\n");
  if (head_end == std::string_view::npos) return std::nullopt;
  const auto head = received.substr(0, head_end);
  const auto body = received.substr(head_end + 4);
  const std::size_t size = number(field(head, "content-length"));
  if (body.size() < size) return std::nullopt;
  const auto first_blank = std::min(head.find(' ') + 1, head.size());
  const auto connection = field(head, "connection");
  return Answer{.status = static_cast<int>(number(head.substr(first_blank))),
                .closes = connection.size() == 5 &&
                          ::strncasecmp(connection.data(), "close", connection.size()) == 0,
                .body = body.substr(0, size)};
}

HttpConnection::HttpConnection(int port, std::chrono::milliseconds limit) : socket_(tcp_socket()) {
  limit_waits(SO_SNDTIMEO, limit);
  const sockaddr_in address = loopback(port);
  if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    socket_.reset();
  }
}

void HttpConnection::send_get(std::string_view path, Connections connections) {
  const std::string request = get_request(path, connections);
  // That it could not be sent is seen where the answer is missing.
  (void)::send(socket_.get(), request.data(), request.size(), MSG_NOSIGNAL);
}

void HttpConnection::limit_waits(int which, std::chrono::milliseconds limit) {
  const auto milliseconds = std::max<long>(limit.count(), 1);  // 0 would be for ever.
  const timeval time{.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};
  check(::setsockopt(socket_.get(), SOL_SOCKET, which, &time, sizeof time), "setsockopt");
}

std::optional<std::string> HttpConnection::receive(std::chrono::milliseconds limit) {
  limit_waits(SO_RCVTIMEO, limit);
  std::string received;
  char buffer[4096];
  for (;;) {
    const auto size = ::recv(socket_.get(), buffer, sizeof buffer, 0);
    if (size <= 0) return std::nullopt;
    received.append(buffer, static_cast<std::size_t>(size));
    if (const auto answer = read_answer(received)) {
      return answer->status == 200 ? std::optional{std::string{answer->body}} : std::nullopt;
    }
  }
}

std::optional<std::string> http_get(int port, const std::string& path) {
  HttpConnection connection{port};
  if (!connection.connected()) return std::nullopt;
  connection.send_get(path, Connections::anew);
  return connection.receive();
}

bool until_answer(int port, std::chrono::milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  while (!http_get(port, "/pid")) {
    if (Clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::microseconds{50});
  }
  return true;
}

int free_port() {
  // Below the ports that the kernel gives to clients: none of a load's may be in the way.
  constexpr int first = 20'000;
  constexpr int count = 10'000;
  static int next = ::getpid() % count;
  for (int tries = 0; tries < count; ++tries) {
    const int port = first + next++ % count;
    if (is_free(port)) return port;
  }
  throw std::runtime_error("no port is free");
}

bool is_free(int port) {
  const UniqueFd socket = tcp_socket();
  const int one = 1;  // Connections that have ended are no listener.
  check(::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one), "SO_REUSEADDR");
  const sockaddr_in address = loopback(port);
  return ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
         ::listen(socket.get(), 1) == 0;
}

}  // namespace thane::bench
