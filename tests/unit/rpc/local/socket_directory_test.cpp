#include "local/socket_directory.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include <thane/unique_fd.hpp>

#include "support/temporary_directory.hpp"

using namespace thane::rpc::internal;
using thane::UniqueFd;

namespace {

using Words = std::vector<std::string>;

TEST_CASE(
    "any name is part of a file's name, of forty characters at most, and no other is the same") {
  CHECK(file_part("node-1.example") == "node-1.example");
  CHECK(file_part("a/b@c") == "a%2fb%40c");
  CHECK(file_part("..") == "%2e.");
  CHECK(file_part("").empty());
  const std::string first = file_part(std::string(50, 'x') + "1");
  CHECK(first.size() == 40);
  CHECK(first != file_part(std::string(50, 'x') + "2"));
  CHECK(name_prefix(SocketRole::topic, "s/1") == "t@s%2f1@");
  CHECK(owner_part("n@pool@12-ab") == "pool");
}

struct Directory {
  thane::testing::TemporaryDirectory folder;
  std::string root = folder.file("rpc");
  SocketDirectory sockets{root, "e", "t"};
};

TEST_CASE_FIXTURE(Directory, "a directory that is removed is made anew") {
  std::string name;
  const auto first = sockets.bind(SocketRole::topic, "s", name);
  CHECK(sockets.list("t@s@") == Words{name});
  CHECK(sockets.list("f@").empty());
  std::filesystem::remove_all(root);
  CHECK(sockets.list("t@").empty());
  const auto second = sockets.bind(SocketRole::topic, "s", name);
  CHECK(sockets.list("t@") == Words{name});
  bool busy = true;
  CHECK(sockets.connect(name, busy));
  CHECK_FALSE(busy);
}

TEST_CASE_FIXTURE(Directory, "a socket whose queue is full is busy, one that nobody reads goes") {
  sockets.create();
  const UniqueFd slow{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = root + "/e/t/t@slow";
  REQUIRE(path.size() < sizeof address.sun_path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  REQUIRE(::bind(slow.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  bool busy = false;
  CHECK_FALSE(sockets.connect("t@none", busy));
  CHECK_FALSE(busy);
  REQUIRE(::listen(slow.get(), 0) == 0);
  CHECK(sockets.connect("t@slow", busy));
  CHECK_FALSE(sockets.connect("t@slow", busy));
  CHECK(busy);
  CHECK(sockets.list("t@") == Words{"t@slow"});
  ::shutdown(slow.get(), SHUT_RDWR);
  CHECK_FALSE(sockets.connect("t@slow", busy));
  CHECK_FALSE(busy);
  CHECK(sockets.list("t@").empty());
}

TEST_CASE_FIXTURE(Directory, "a process of another user is not trusted") {
  const auto pair_of = [](uid_t user) {
    std::array<int, 2> fds{-1, -1};
    if (::seteuid(user) == 0) (void)::socketpair(AF_UNIX, SOCK_STREAM, 0, fds.data());
    REQUIRE(::seteuid(::getuid()) == 0);
    REQUIRE(fds[0] >= 0);
    return std::array<UniqueFd, 2>{UniqueFd{fds[0]}, UniqueFd{fds[1]}};
  };
  sockets.create();
  CHECK(sockets.trusts(pair_of(::geteuid())[0].get()));
  if (::getuid() != 0) return;  // Nobody else can be played.
  CHECK_FALSE(sockets.trusts(pair_of(65534)[0].get()));
}

}  // namespace
