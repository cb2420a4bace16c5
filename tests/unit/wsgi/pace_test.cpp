#include "pace.hpp"

#include <doctest/doctest.h>

#include <chrono>

using namespace std::chrono_literals;
using thane::wsgi::internal::Pace;

namespace {

TEST_CASE("waiting is allowed for a while, whatever comes") {
  Pace pace;
  pace.set(10s, 100);
  for (int second = 0; second < 10; ++second) CHECK(pace.note(1s, 0));
  CHECK_FALSE(pace.note(1s, 1));
}

TEST_CASE("beyond that, octets have to come at the rate, on average") {
  Pace pace;
  pace.set(10s, 100);
  for (int second = 0; second < 1000; ++second) REQUIRE(pace.note(1s, 100));
  CHECK(pace.note(10s, 0));
  CHECK_FALSE(pace.note(1s, 99));
}

TEST_CASE("one octet shortly before each limit is too slow") {
  Pace pace;
  pace.set(900s, 240);
  CHECK(pace.note(899s, 1));
  CHECK_FALSE(pace.note(899s, 1));
}

TEST_CASE("what cost no waiting is never too slow, and a restart forgets") {
  Pace pace;
  pace.set(1s, 1'000'000);
  for (int i = 0; i < 1000; ++i) REQUIRE(pace.note(0s, 1));
  CHECK_FALSE(pace.note(2s, 1));
  pace.restart();
  CHECK(pace.note(1s, 1));
}

TEST_CASE("no rate and no allowance mean no limit") {
  Pace pace;
  pace.set(1s, 0);
  CHECK(pace.note(1h, 1));
  pace.set(0s, 240);
  CHECK(pace.note(1h, 1));
}

}  // namespace
