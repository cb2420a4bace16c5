// Who `user` and `group` mean. What becomes of a process is in integration/privileges_test.cpp.
#include "privileges.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

using thane::internal::become;
using thane::internal::find_identity;

namespace {

TEST_CASE("without user and group nothing is wanted") {
  CHECK_FALSE(find_identity("", ""));
}

TEST_CASE("a user is found by name and by number, with the group and the home that are his") {
  for (const char* text : {"root", "0"}) {
    const auto identity = find_identity(text, "");
    REQUIRE(identity);
    CHECK(identity->user == 0);
    CHECK(identity->group == 0);
    CHECK(identity->name == "root");
    CHECK(identity->home == "/root");
  }
}

TEST_CASE("a group of his own choice goes before the user's") {
  CHECK(find_identity("root", "daemon")->group == 1);
  CHECK(find_identity("root", "4321")->group == 4321);
}

TEST_CASE("a group alone leaves the user who he is") {
  const auto identity = find_identity("", "4321");
  REQUIRE(identity);
  CHECK(identity->user == ::geteuid());
  CHECK(identity->group == 4321);
}

TEST_CASE("a number that the user database does not know needs a group") {
  const auto identity = find_identity("4294967294", "4321");
  REQUIRE(identity);
  CHECK(identity->user == 4294967294U);
  CHECK(identity->name.empty());
  CHECK_THROWS_WITH_AS(
      static_cast<void>(find_identity("4294967294", "")),
      "user = 4294967294: the user database does not know this number; set group as well",
      std::runtime_error);
}

TEST_CASE("who cannot be found is an error that names the option and the value") {
  CHECK_THROWS_WITH(static_cast<void>(find_identity("no such user", "")),
                    "user = no such user: there is no such user; create one, or name another");
  CHECK_THROWS_WITH(static_cast<void>(find_identity("root", "no such group")),
                    "group = no such group: there is no such group; create one, or name another");
  for (const char* number : {"4294967295", "99999999999999999999"}) {
    CHECK_THROWS_WITH(
        static_cast<void>(find_identity(number, "")),
        (std::string{"user = "} + number + ": a number from 0 to 4294967294, or a name").c_str());
  }
}

TEST_CASE("who is what he is to be already needs no privileges") {
  CHECK_NOTHROW(become({.user = ::geteuid(), .group = 4321}));
  CHECK_NOTHROW(become({.user = ::geteuid(), .group = ::getegid(), .group_option = "his own"}));
}

}  // namespace
