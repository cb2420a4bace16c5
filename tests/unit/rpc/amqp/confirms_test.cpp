#include "amqp/confirms.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace thane::rpc::amqp;

namespace {

std::vector<PublishId> ids(const std::vector<Settled>& settled) {
  std::vector<PublishId> all;
  for (const auto& each : settled) all.push_back(each.publish);
  return all;
}

TEST_CASE("publishes are settled one by one, many at a time, in any order, and once") {
  Confirms confirms;
  for (PublishId id = 1; id <= 5; ++id) CHECK(confirms.add("", "q", "b", Mandatory::no) == id);
  CHECK(ids(confirms.settle(3, Multiple::no, Outcome::confirmed)) == std::vector<PublishId>{3});
  CHECK(confirms.open() == 4);
  CHECK(ids(confirms.settle(4, Multiple::yes, Outcome::confirmed)) ==
        std::vector<PublishId>{1, 2, 4});
  CHECK(confirms.settle(3, Multiple::no, Outcome::confirmed).empty());
  CHECK(confirms.add("", "q", "b", Mandatory::no) == 6);
  const auto rest = confirms.settle(0, Multiple::yes, Outcome::refused);
  CHECK(ids(rest) == std::vector<PublishId>{5, 6});
  CHECK(rest.front().outcome == Outcome::refused);
  CHECK(confirms.open() == 0);
}

TEST_CASE("a returned message is the first of its like that was mandatory") {
  Confirms confirms;
  (void)confirms.add("", "q", "same", Mandatory::no);
  (void)confirms.add("", "q", "other", Mandatory::yes);
  (void)confirms.add("", "q", "same", Mandatory::yes);
  (void)confirms.add("", "q", "same", Mandatory::yes);
  CHECK(confirms.note_return("", "q", "same", 312, "NO_ROUTE"));
  CHECK_FALSE(confirms.note_return("x", "q", "same", 312, "NO_ROUTE"));
  const auto settled = confirms.settle(4, Multiple::yes, Outcome::confirmed);
  REQUIRE(settled.size() == 4);
  CHECK(settled[0].outcome == Outcome::confirmed);
  CHECK(settled[1].outcome == Outcome::confirmed);
  CHECK(settled[2].outcome == Outcome::returned);
  CHECK(settled[2].code == 312);
  CHECK(settled[2].text == "NO_ROUTE");
  CHECK(settled[3].outcome == Outcome::confirmed);
}

TEST_CASE("of two messages alike that are returned each is found, and none that was settled") {
  Confirms confirms;
  for (int i = 0; i < 3; ++i) (void)confirms.add("", "q", "same", Mandatory::yes);
  CHECK(confirms.settle(2, Multiple::no, Outcome::confirmed).size() == 1);
  CHECK(confirms.note_return("", "q", "same", 312, "NO_ROUTE"));
  CHECK(confirms.note_return("", "q", "same", 312, "NO_ROUTE"));
  CHECK_FALSE(confirms.note_return("", "q", "same", 312, "NO_ROUTE"));
  const auto first = confirms.settle(1, Multiple::no, Outcome::refused);
  REQUIRE(first.size() == 1);
  CHECK(first[0].outcome == Outcome::refused);
  const auto last = confirms.settle(3, Multiple::no, Outcome::confirmed);
  REQUIRE(last.size() == 1);
  CHECK(last[0].outcome == Outcome::returned);
}

TEST_CASE("an answer to what was never published is a violation") {
  Confirms confirms;
  (void)confirms.add("", "q", "b", Mandatory::no);
  CHECK_THROWS_AS((void)confirms.settle(2, Multiple::no, Outcome::confirmed), protocol_error);
  CHECK_THROWS_AS((void)confirms.settle(2, Multiple::yes, Outcome::confirmed), protocol_error);
  CHECK_THROWS_AS((void)confirms.settle(0, Multiple::no, Outcome::confirmed), protocol_error);
}

}  // namespace
