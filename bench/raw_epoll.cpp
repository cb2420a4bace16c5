// raw_epoll: the least that can be called an HTTP server, to measure others by.
//
//   ./raw_epoll PORT        answers on 127.0.0.1:PORT
//
//   GET /json      1 KiB of JSON, made for each request
//   GET            13 octets
//   POST           the body again
//
// One epoll loop, one recv and one send a batch of requests; no timeouts, no limits but its buffer,
// and of the request only method, path, end, length and "close" are looked at, as bench_http's
// clients spell them. What a server costs more than this is what its features cost.
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <thane/check.hpp>
#include <vector>

#include "kibibyte.hpp"

using thane::check;

namespace {

struct Client {
  int fd;
  std::size_t size = 0;
  std::array<char, 32768> input;
};

int listen_on(std::uint16_t port) {
  const int fd = check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket");
  const int one = 1;
  check(::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), "setsockopt");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  check(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), "bind");
  check(::listen(fd, 4096), "listen");
  return fd;
}

std::string_view date() {
  static std::array<char, 40> text;
  static std::time_t last = 0;
  const std::time_t now = std::time(nullptr);
  if (now != last) {
    last = now;
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  }
  return text.data();
}

void append_answer(std::string& output, std::string_view type, std::string_view body) {
  output.append("HTTP/1.1 200 OK\r\nServer: raw\r\nDate: ").append(date());
  output.append("\r\nContent-Type: ").append(type).append("\r\nContent-Length: ");
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.begin(), digits.end(), body.size()).ptr;
  output.append(digits.begin(), end).append("\r\n\r\n").append(body);
}

std::size_t content_length(std::string_view head) {
  constexpr std::string_view name = "\r\nContent-Length: ";
  const auto found = head.find(name);
  std::size_t length = 0;
  if (found != std::string_view::npos) {
    std::from_chars(head.data() + found + name.size(), head.data() + head.size(), length);
  }
  return length;
}

enum class Next { more, wait, close };

/// Answers the first request of `rest` and takes it away.
Next answer_first(std::string_view& rest, std::string& output) {
  static const nlohmann::json json = thane::bench::kibibyte();
  const auto end = rest.find("\r\n\r\n");
  if (end == std::string_view::npos) return Next::wait;
  const std::string_view head = rest.substr(0, end);
  std::size_t length = 0;
  if (head.starts_with("POST /")) {
    length = content_length(head);
    if (rest.size() < end + 4 + length) return Next::wait;
    append_answer(output, "text/plain", rest.substr(end + 4, length));
  } else if (head.starts_with("GET /json ")) {
    append_answer(output, "application/json", json.dump());
  } else if (head.starts_with("GET /")) {
    append_answer(output, "text/plain", "Hello, World!");
  } else {
    return Next::close;
  }
  rest.remove_prefix(end + 4 + length);
  return head.ends_with("\r\nConnection: close") ? Next::close : Next::more;
}

// False: the connection is to be closed.
bool answer(Client& client, std::string& output) {
  const auto got =
      ::recv(client.fd, client.input.data() + client.size, client.input.size() - client.size, 0);
  if (got < 0) return errno == EAGAIN;
  if (got == 0) return false;
  client.size += static_cast<std::size_t>(got);

  output.clear();
  std::string_view rest{client.input.data(), client.size};
  Next next = Next::more;
  while (next == Next::more) next = answer_first(rest, output);
  std::memmove(client.input.data(), rest.data(), rest.size());
  client.size = rest.size();
  if (output.empty()) return client.size < client.input.size();
  const auto sent = ::send(client.fd, output.data(), output.size(), MSG_NOSIGNAL);
  return sent == static_cast<ssize_t>(output.size()) && next == Next::wait;
}

void add(int poll, int fd, void* what) {
  epoll_event event{.events = EPOLLIN, .data = {.ptr = what}};
  check(::epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const int listener = listen_on(static_cast<std::uint16_t>(std::atoi(argv[1])));
  const int poll = check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  add(poll, listener, nullptr);
  std::string output;
  std::array<epoll_event, 256> events;
  for (;;) {
    const int count = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      auto* client = static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (client == nullptr) {
        const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) add(poll, fd, new Client{.fd = fd, .input = {}});
      } else if (!answer(*client, output)) {
        ::close(client->fd);
        delete client;
      }
    }
  }
}
