#include "rabbit/acknowledgements.hpp"

#include <doctest/doctest.h>

#include <set>
#include <vector>

using thane::rpc::internal::rabbit::Acknowledgements;
using Ack = Acknowledgements::Ack;
using Acks = std::vector<Ack>;

namespace {

TEST_CASE("what is next to each other is acknowledged at once, the rest one by one") {
  Acknowledgements all;
  for (const std::uint64_t tag : {2, 1, 3, 6}) all.acknowledge(tag);
  CHECK(all.take() == Acks{{.tag = 3, .multiple = true}, {.tag = 6}});
  CHECK(all.take().empty());
  all.acknowledge(5);
  all.acknowledge(4);
  CHECK(all.take() == Acks{{.tag = 5, .multiple = true}});
  all.acknowledge(7);
  CHECK(all.take() == Acks{{.tag = 7, .multiple = true}});
}

TEST_CASE("a number that was rejected or acknowledged is never sent again") {
  Acknowledgements all;
  all.reject(2);
  all.acknowledge(3);
  CHECK(all.take() == Acks{{.tag = 3}});
  all.acknowledge(1);
  CHECK(all.take() == Acks{{.tag = 1, .multiple = true}});
  all.reject(4);
  CHECK(all.take().empty());
  all.acknowledge(5);
  CHECK(all.take() == Acks{{.tag = 5, .multiple = true}});
}

TEST_CASE("in whatever order they end, each is acknowledged exactly once") {
  unsigned random = 1;
  for (int round = 0; round < 200; ++round) {
    Acknowledgements all;
    std::set<std::uint64_t> delivered;
    std::set<std::uint64_t> unacknowledged;  // As the broker sees it.
    for (std::uint64_t tag = 1; tag <= 20; ++tag) {
      delivered.insert(tag);
      unacknowledged.insert(tag);
    }
    while (!delivered.empty()) {
      random = random * 1103515245 + 12345;
      auto at = delivered.begin();
      std::advance(at, (random >> 16) % delivered.size());
      if (const auto tag = *at; (random & 0x7000) == 0) {
        REQUIRE(unacknowledged.erase(tag) == 1);
        all.reject(tag);
      } else {
        all.acknowledge(tag);
      }
      delivered.erase(at);
      if ((random & 0x10000000) != 0 && !delivered.empty()) continue;
      for (const auto& [tag, multiple] : all.take()) {
        REQUIRE(unacknowledged.contains(tag));
        const auto from = multiple ? unacknowledged.begin() : unacknowledged.find(tag);
        for (auto each = from; each != unacknowledged.upper_bound(tag); ++each) {
          REQUIRE_FALSE(delivered.contains(*each));
        }
        unacknowledged.erase(from, unacknowledged.upper_bound(tag));
      }
    }
    CHECK(unacknowledged.empty());
  }
}

}  // namespace
