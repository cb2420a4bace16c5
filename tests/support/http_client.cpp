#include "http_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <sstream>
#include <system_error>

#include <thane/check.hpp>

#include "eventually.hpp"

namespace thane::testing {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

UniqueFd tcp_socket() {
  return UniqueFd{check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
}

bool try_bind(std::uint16_t port) {
  const UniqueFd fd = tcp_socket();
  const sockaddr_in address = loopback(port);
  return ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

void set_patience(int fd) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience());
  const timeval limit{static_cast<time_t>(seconds.count()), 0};
  check(::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), "setsockopt");
  check(::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit), "setsockopt");
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

void parse_head(const std::string& head, HttpResponse& response) {
  std::istringstream lines{head};
  std::string line;
  std::getline(lines, line);
  std::istringstream status_line{line};
  std::string version;
  status_line >> version >> response.status;
  while (std::getline(lines, line) && line != "\r") {
    const auto colon = line.find(':');
    if (colon == std::string::npos) {
      continue;
    }
    const auto first = line.find_first_not_of(' ', colon + 1);
    const auto last = line.find_last_not_of(" \r");
    std::string value = first == std::string::npos || last < first
                            ? std::string{}
                            : line.substr(first, last - first + 1);
    response.headers.emplace_back(lower(line.substr(0, colon)), std::move(value));
  }
}

}  // namespace

std::uint16_t free_port() {
  // Below the ephemeral range, where no outgoing connection of another test can take it.
  static std::uint32_t next = static_cast<std::uint32_t>(::getpid()) * 37U;
  for (int attempt = 0; attempt < 20000; ++attempt) {
    const auto port = static_cast<std::uint16_t>(10000U + next++ % 20000U);
    if (try_bind(port)) {
      return port;
    }
  }
  throw std::runtime_error("no free port");
}

bool port_answers(std::uint16_t port) {
  const UniqueFd fd = tcp_socket();
  const sockaddr_in address = loopback(port);
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

std::string HttpResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) {
      return value;
    }
  }
  return {};
}

UniqueFd connect_to(std::uint16_t port) {
  UniqueFd fd = tcp_socket();
  set_patience(fd.get());
  const int on = 1;
  check(::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
  const sockaddr_in address = loopback(port);
  check(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
        "connect");
  return fd;
}

HttpClient::HttpClient(std::uint16_t port) : fd_(connect_to(port)) {}

HttpClient::HttpClient(const std::string& path)
    : fd_(check(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")) {
  set_patience(fd_.get());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  check(::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
        "connect");
}

void HttpClient::send_get(std::string_view path) {
  send_raw("GET " + std::string{path} + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
}

HttpResponse HttpClient::get(std::string_view path) {
  send_get(path);
  return receive_response();
}

std::string HttpClient::receive_head() {
  return read_until("\r\n\r\n") ? take(buffer_.find("\r\n\r\n") + 4) : std::string{};
}

std::string HttpClient::receive_exactly(std::size_t size) {
  while (buffer_.size() < size && read_more()) {
  }
  return take(size);
}

HttpResponse HttpClient::receive_response() {
  HttpResponse response;
  if (!read_until("\r\n\r\n")) {
    return response;
  }
  parse_head(take(buffer_.find("\r\n\r\n") + 4), response);
  if (lower(response.header("transfer-encoding")) == "chunked") {
    response.body = read_chunks();
    return response;
  }
  const std::string length = response.header("content-length");
  if (length.empty()) {
    const bool no_body = response.status == 204 || response.status == 304;
    response.body = no_body ? std::string{} : receive_to_end();
    return response;
  }
  const std::size_t size = std::stoul(length);
  while (buffer_.size() < size) {
    if (!read_more()) {
      response.status = 0;  // Cut off in the middle: no response at all.
      return response;
    }
  }
  response.body = take(size);
  return response;
}

std::string HttpClient::read_chunks() {
  std::string body;
  while (read_until("\r\n")) {
    const std::size_t size = std::stoul(take(buffer_.find("\r\n") + 2), nullptr, 16);
    while (buffer_.size() < size + 2) {
      if (!read_more()) {
        return body;
      }
    }
    body += take(size);
    take(2);
    if (size == 0) {
      break;
    }
  }
  return body;
}

bool HttpClient::send_raw(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string HttpClient::receive_to_end() {
  while (read_more()) {
  }
  return take(buffer_.size());
}

bool HttpClient::closed_by_server() {
  while (read_more()) {
  }
  char byte = 0;
  const auto received = ::recv(fd_.get(), &byte, 1, MSG_DONTWAIT);
  return received == 0 || (received < 0 && errno == ECONNRESET);
}

bool HttpClient::read_more() {
  std::array<char, 16384> chunk{};
  const auto received = ::recv(fd_.get(), chunk.data(), chunk.size(), 0);
  if (received <= 0) {
    return false;
  }
  buffer_.append(chunk.data(), static_cast<std::size_t>(received));
  return true;
}

bool HttpClient::read_until(std::string_view mark) {
  while (buffer_.find(mark) == std::string::npos) {
    if (!read_more()) {
      return false;
    }
  }
  return true;
}

std::string HttpClient::take(std::size_t size) {
  std::string taken = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return taken;
}

HttpResponse http_get(std::uint16_t port, std::string_view path) {
  try {
    HttpClient client{port};
    client.send_raw("GET " + std::string{path} +
                    " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    return client.receive_response();
  } catch (const std::system_error&) {
    return {};
  }
}

}  // namespace thane::testing
