// What LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES say. The sockets themselves are in
// integration/socket_activation_test.cpp.
#include <thane/internal/inherited_sockets.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

using thane::internal::ListenVariables;
using thane::internal::names_of_inherited;

namespace {

using Names = std::vector<std::string>;

Names names(const ListenVariables& variables) {
  return names_of_inherited(variables, 4711);
}

TEST_CASE("each descriptor has its name") {
  CHECK(names({.pid = "4711", .fds = "2", .names = "web:admin"}) == Names{"web", "admin"});
  CHECK(names({.pid = "4711", .fds = "2", .names = "web:web"}) == Names{"web", "web"});
}

TEST_CASE("what has no name is called as systemd calls it") {
  CHECK(names({.pid = "4711", .fds = "2", .names = {}}) == Names{"unknown", "unknown"});
  CHECK(names({.pid = "4711", .fds = "3", .names = ":web"}) == Names{"unknown", "web", "unknown"});
  CHECK(names({.pid = "4711", .fds = "2", .names = ""}) == Names{"unknown", "unknown"});
}

TEST_CASE("names without descriptors count for nothing") {
  CHECK(names({.pid = "4711", .fds = "1", .names = "web:admin"}) == Names{"web"});
  CHECK(names({.pid = "4711", .fds = "0", .names = "web"}).empty());
}

TEST_CASE("what is meant for another process, or for nobody, is not ours") {
  CHECK(names({.pid = "4712", .fds = "2", .names = "web:admin"}).empty());
  CHECK(names({.pid = {}, .fds = "2", .names = "web:admin"}).empty());
  CHECK(names({.pid = "4711", .fds = {}, .names = "web"}).empty());
  CHECK(names({}).empty());
}

TEST_CASE("variables that make no sense are errors that name them") {
  for (const char* fds : {"", "two", "-1", "2 ", "99999999999999999999"}) {
    CAPTURE(fds);
    CHECK_THROWS_WITH(static_cast<void>(names({.pid = "4711", .fds = fds, .names = {}})),
                      (std::string{"LISTEN_FDS="} + fds + " is no number").c_str());
  }
  CHECK_THROWS_WITH(static_cast<void>(names({.pid = "me", .fds = "2", .names = {}})),
                    "LISTEN_PID=me is no number");
  CHECK_THROWS_WITH(static_cast<void>(names({.pid = "4711", .fds = "65537", .names = {}})),
                    "LISTEN_FDS=65537 are too many");
}

}  // namespace
