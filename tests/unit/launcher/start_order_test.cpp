#include "start_order.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

using thane::internal::start_order;
using thane::internal::start_ranks;
using Positions = std::vector<std::vector<std::size_t>>;

namespace {

TEST_CASE("names become positions, whoever was launched first") {
  CHECK(start_order({"web", "db", "cache"}, {{"db", "cache"}, {}, {"db"}}) ==
        Positions{{1, 2}, {}, {1}});
}

TEST_CASE("a rank is the longest line before a service") {
  CHECK(start_ranks({{1, 2}, {}, {1}}) == std::vector<std::size_t>{2, 0, 1});
  CHECK(start_ranks({}).empty());
}

TEST_CASE("a name that nobody has is an error that tells which there are") {
  CHECK_THROWS_WITH_AS(
      start_order({"web", "db"}, {{"bd"}, {}}),
      "service web starts after \"bd\", but no service has that name; there are web, db",
      std::invalid_argument);
}

TEST_CASE("a circle is an error that names it, and nobody before it") {
  CHECK_THROWS_WITH_AS(start_order({"x", "a", "b", "c"}, {{"a"}, {"b"}, {"c"}, {"a"}}),
                       "services wait for each other in a circle: a after b after c after a",
                       std::invalid_argument);
  CHECK_THROWS_AS(start_order({"a"}, {{"a"}}), std::invalid_argument);
}

}  // namespace
