#include "seen_ids.hpp"

#include <doctest/doctest.h>

#include <string>

using thane::rpc::internal::SeenIds;

namespace {

constexpr auto first = SeenIds::Delivery::first;
constexpr auto again = SeenIds::Delivery::again;

// So many others after "it".
SeenIds after(std::size_t others) {
  SeenIds ids;
  CHECK_FALSE(ids.seen("it", first));
  for (std::size_t i = 0; i < others; ++i) CHECK_FALSE(ids.seen(std::to_string(i), first));
  return ids;
}

TEST_CASE("an id is known among the last sixteen, and an empty one never") {
  CHECK(after(SeenIds::usual - 1).seen("it", first));
  CHECK_FALSE(after(SeenIds::usual).seen("it", first));
  CHECK_FALSE(SeenIds{}.seen("", first));
  CHECK_FALSE(after(0).seen("", first));
}

TEST_CASE("the id of what is delivered again is known for longer, if it was not given back") {
  CHECK(after(SeenIds::most - 1).seen("it", again));
  CHECK_FALSE(after(SeenIds::most).seen("it", again));
  SeenIds ids = after(3 * SeenIds::most);
  CHECK(ids.seen("3071", again));
  CHECK(ids.seen("3071", first));
  CHECK(ids.seen("2048", again));
  CHECK_FALSE(ids.seen("2047", again));
  ids.forget("3000");
  CHECK_FALSE(ids.seen("3000", again));
}

}  // namespace
