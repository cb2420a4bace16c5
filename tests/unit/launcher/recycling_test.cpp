#include "recycling.hpp"

#include <doctest/doctest.h>

#include <random>
#include <set>

using namespace std::chrono_literals;
using thane::internal::RecycleLimits;
using thane::internal::Recycling;

namespace {

TEST_CASE("the first limit that is passed is named; zero is none") {
  const Recycling some{{.requests = 100, .lifetime = 60s, .rss_kib = 2048}, std::mt19937{1}};
  CHECK(some.any());
  CHECK(some.passed(99, 59s, 2048).empty());
  CHECK(some.passed(100, 0s, 0) == "max_requests (100)");
  CHECK(some.passed(0, 60s, 0) == "max_lifetime (60s)");
  CHECK(some.passed(0, 0s, 4096) == "max_rss (2 MiB, it has 4)");

  const Recycling none{{.jitter_percent = 50}, std::mt19937{1}};
  CHECK_FALSE(none.any());
  CHECK(none.passed(1'000'000, 24h, 1'000'000).empty());
}

TEST_CASE("jitter makes limits longer, each worker's by another part, and never shorter") {
  std::mt19937 random{1};
  std::set<std::uint64_t> seen;
  for (int worker = 0; worker < 50; ++worker) {
    const Recycling one{{.requests = 1000, .jitter_percent = 10}, random};
    CHECK(one.limits().requests >= 1000);
    CHECK(one.limits().requests <= 1100);
    seen.insert(one.limits().requests);
  }
  CHECK(seen.size() > 20);
}

TEST_CASE("a process knows what memory it has") {
  CHECK(thane::internal::resident_kib() > 1000);
}

}  // namespace
