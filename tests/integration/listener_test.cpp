// Listening sockets on the loopback and on socket files.
#include <thane/listener.hpp>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "support/time_limit.hpp"

namespace {

using namespace std::chrono_literals;
using thane::Listener;
using thane::UniqueFd;

int option(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof(value);
  REQUIRE(::getsockopt(fd, level, name, &value, &size) == 0);
  return value;
}

bool can_connect_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  const UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM, 0)};
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

bool can_connect_v4(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const UniqueFd fd{::socket(AF_INET, SOCK_STREAM, 0)};
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

template <class Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (const std::system_error& error) {
    return error.what();
  }
  return "no error";
}

class Directory {
 public:
  Directory() { REQUIRE(::mkdtemp(name_) != nullptr); }
  ~Directory() { std::filesystem::remove_all(name_); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  [[nodiscard]] std::string file(const char* name) const { return std::string{name_} + "/" + name; }

 private:
  char name_[32] = "/tmp/thane-listener-XXXXXX";
};

TEST_CASE("port 0 becomes a real port, which the address tells and which can be connected to") {
  const Listener listener = Listener::tcp("127.0.0.1", 0);
  CHECK(listener.port() != 0);
  CHECK(listener.host() == "127.0.0.1");
  CHECK(listener.address() == "127.0.0.1:" + std::to_string(listener.port()));
  CHECK(can_connect_v4(listener.port()));
}

TEST_CASE("a listener is close-on-exec and non-blocking, with keepalive as asked") {
  const Listener listener = Listener::tcp("127.0.0.1", 0, {.tcp_keepidle = 77s});
  CHECK((::fcntl(listener.fd(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK((::fcntl(listener.fd(), F_GETFL) & O_NONBLOCK) != 0);
  CHECK(option(listener.fd(), SOL_SOCKET, SO_REUSEADDR) == 1);
  CHECK(option(listener.fd(), SOL_SOCKET, SO_REUSEPORT) == 0);
  CHECK(option(listener.fd(), SOL_SOCKET, SO_KEEPALIVE) == 1);
  CHECK(option(listener.fd(), IPPROTO_TCP, TCP_KEEPIDLE) == 77);
  CHECK(option(listener.fd(), SOL_SOCKET, SO_ACCEPTCONN) == 1);
}

TEST_CASE("IPv6 addresses work with and without brackets, and show with them") {
  CHECK(Listener::tcp("::1", 0).host() == "::1");
  const Listener listener = Listener::tcp("[::1]", 0);
  CHECK(listener.address() == "[::1]:" + std::to_string(listener.port()));
}

TEST_CASE("an IPv6 listener takes IPv4 connections or not, as asked") {
  const Listener both = Listener::tcp("::", 0, {.ipv6 = thane::Ipv6::and_ipv4});
  CHECK(can_connect_v4(both.port()));
  const Listener only = Listener::tcp("[::]", 0, {.ipv6 = thane::Ipv6::only});
  CHECK_FALSE(can_connect_v4(only.port()));
}

TEST_CASE("a host may be a name, or empty for all addresses") {
  CHECK(Listener::tcp("localhost", 0).port() != 0);
  const Listener all = Listener::tcp("", 0, {.ipv6 = thane::Ipv6::and_ipv4});
  CHECK(can_connect_v4(all.port()));
}

TEST_CASE("two listeners share a port only if both ask for it") {
  const Listener first = Listener::tcp("127.0.0.1", 0, {.reuse_port = true});
  CHECK(Listener::tcp("127.0.0.1", first.port(), {.reuse_port = true}).port() == first.port());
  CHECK_THROWS_AS(Listener::tcp("127.0.0.1", first.port()), std::system_error);
}

TEST_CASE("an error names the address and the reason") {
  const Listener taken = Listener::tcp("127.0.0.1", 0);
  CHECK(error_of([&] { Listener::tcp("127.0.0.1", taken.port()); }) ==
        "cannot bind " + taken.address() + ", another socket has it: Address already in use");
  CHECK(error_of([] {
          Listener::tcp("203.0.113.1", 80);
        }).starts_with("cannot bind 203.0.113.1:80, this machine has no such address: "));
  CHECK(error_of([] {
          Listener::tcp("no such host", 80);
        }).starts_with("cannot resolve the host name \"no such host\": "));
}

TEST_CASE(
    "an address that stays taken is an error after bind_timeout, which says how long it was") {
  const Listener taken = Listener::tcp("127.0.0.1", 0);
  const Directory directory;
  const std::string path = directory.file("a.sock");
  const Listener taken_file = Listener::unix_socket(path);
  const thane::testing::Stopwatch since_start;
  CHECK(error_of([&] { Listener::tcp("127.0.0.1", taken.port(), {.bind_timeout = 150ms}); }) ==
        "cannot bind " + taken.address() +
            ", another socket has it, for 0.15 s now: Address already in use");
  CHECK(since_start.elapsed() >= 150ms);
  CHECK(error_of([&] { Listener::unix_socket(path, {.bind_timeout = 150ms}); }) ==
        "cannot bind unix:" + path +
            ", another socket has it, for 0.15 s now: Address already in use");
  CHECK(since_start.elapsed() >= 300ms);
  CHECK(since_start.elapsed() < thane::testing::with_slack(300ms));
}

TEST_CASE("an address that cannot be had by waiting is not waited for") {
  const thane::testing::Stopwatch since_start;
  CHECK(error_of([] {
          Listener::tcp("203.0.113.1", 80, {.bind_timeout = std::chrono::hours{1}});
        }).starts_with("cannot bind 203.0.113.1:80, this machine has no such address: "));
  CHECK(since_start.elapsed() < thane::testing::with_slack(0ms));
}

TEST_CASE("a backlog below one is refused") {
  CHECK_THROWS_AS(Listener::tcp("127.0.0.1", 0, {.backlog = 0}), std::invalid_argument);
  CHECK_THROWS_AS(Listener::unix_socket("/tmp/never", {.backlog = -1}), std::invalid_argument);
}

TEST_CASE("a socket file gets the mode asked for, and goes with its listener") {
  const Directory directory;
  const std::string path = directory.file("a.sock");
  {
    const Listener listener = Listener::unix_socket(path, {.mode = 0622});
    struct stat status {};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0622);
    CHECK(listener.address() == "unix:" + path);
    CHECK(listener.port() == 0);
    CHECK(can_connect_unix(path));
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a socket file that nobody listens on is replaced") {
  const Directory directory;
  const std::string path = directory.file("a.sock");
  const pid_t pid = ::fork();
  if (pid == 0) {
    const Listener listener = Listener::unix_socket(path);
    ::_exit(0);  // Without destructors, as one that was killed.
  }
  ::waitpid(pid, nullptr, 0);
  REQUIRE(std::filesystem::exists(path));
  REQUIRE_FALSE(can_connect_unix(path));
  const Listener listener = Listener::unix_socket(path);
  CHECK(can_connect_unix(path));
}

TEST_CASE("a socket file that somebody listens on, or another file, is left alone") {
  const Directory directory;
  const std::string path = directory.file("a.sock");
  const Listener listener = Listener::unix_socket(path);
  CHECK(error_of([&] { Listener::unix_socket(path); }).starts_with("cannot bind unix:" + path));
  CHECK(can_connect_unix(path));

  const std::string text = directory.file("text");
  std::ofstream{text} << "precious";
  CHECK(error_of([&] { Listener::unix_socket(text); }).find("a file that is no socket") !=
        std::string::npos);
  CHECK(std::filesystem::file_size(text) == 8);
}

TEST_CASE("only the process that made a socket file removes it") {
  const Directory directory;
  const std::string path = directory.file("a.sock");
  Listener listener = Listener::unix_socket(path);
  const pid_t pid = ::fork();
  if (pid == 0) {
    { const Listener moved = std::move(listener); }
    ::_exit(0);
  }
  ::waitpid(pid, nullptr, 0);
  CHECK(can_connect_unix(path));
}

TEST_CASE("a socket file that a successor has put in its place is not removed") {
  const Directory directory;
  const std::string path = directory.file("a.sock");
  Listener old = Listener::unix_socket(path);
  std::filesystem::remove(path);
  const Listener successor = Listener::unix_socket(path);
  old.close();
  CHECK(can_connect_unix(path));
}

TEST_CASE("listeners can be kept in a vector") {
  const Directory directory;
  std::vector<Listener> listeners;
  for (int i = 0; i < 8; ++i) {
    listeners.push_back(Listener::unix_socket(directory.file("s") + std::to_string(i)));
  }
  for (const Listener& listener : listeners) {
    CHECK(can_connect_unix(listener.host()));
  }
}

}  // namespace
