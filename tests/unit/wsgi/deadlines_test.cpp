#include "deadlines.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>

using namespace std::chrono_literals;
using namespace thane::wsgi::internal;
using thane::TimePoint;

namespace {

struct Late final : Limited {
  int calls = 0;
  int settled = 0;
  void on_deadline() override { ++calls; }
  void on_long_wait() override { ++settled; }
};

constexpr TimePoint start{1h};

TEST_CASE("what is late is told once, what is not is left alone") {
  Deadlines deadlines;
  deadlines.set_limit(Waiting::idle, 10s);
  deadlines.set_limit(Waiting::head, 1s);
  Late idle, head;
  deadlines.arm(idle, Waiting::idle, start);
  deadlines.arm(head, Waiting::head, start + 5s);
  CHECK(deadlines.earliest() == start + 6s);
  deadlines.expire(start + 5s);
  CHECK(head.calls == 0);
  deadlines.expire(start + 6s);
  deadlines.expire(start + 7s);
  CHECK(head.calls == 1);
  CHECK(idle.calls == 0);
  CHECK(deadlines.earliest() == start + 10s);
}

TEST_CASE("to wait for something else, or for nothing, ends the old limit") {
  Deadlines deadlines;
  deadlines.set_limit(Waiting::idle, 1s);
  deadlines.set_limit(Waiting::body, 9s);
  Late one, two;
  deadlines.arm(one, Waiting::idle, start);
  deadlines.arm(two, Waiting::idle, start);
  deadlines.arm(one, Waiting::body, start);
  deadlines.arm(two, Waiting::nothing, start);
  deadlines.expire(start + 5s);
  CHECK(one.calls + two.calls == 0);
  CHECK(deadlines.earliest() == start + 9s);
  deadlines.expire(start + 9s);
  CHECK(one.calls == 1);
  CHECK(two.calls == 0);
}

TEST_CASE(
    "a deadline that is moved again and again comes when it is due, not before and not later") {
  Deadlines deadlines;
  deadlines.set_limit(Waiting::idle, 10s);
  deadlines.set_limit(Waiting::close, 1s);
  Late one;
  for (int second = 0; second < 25; ++second) {
    deadlines.arm(one, Waiting::idle, start + second * 1s);
    deadlines.arm(one, Waiting::nothing, start);
    deadlines.arm(one, Waiting::idle, start + second * 1s);
    CHECK(deadlines.earliest() <= start + second * 1s + 10s);
    deadlines.expire(start + second * 1s);
  }
  CHECK(one.calls == 0);
  deadlines.expire(start + 33s);
  CHECK(one.calls == 0);
  deadlines.expire(start + 34s);
  CHECK(one.calls == 1);
  deadlines.arm(one, Waiting::idle, start + 40s);
  deadlines.arm(one, Waiting::close, start + 41s);
  CHECK(deadlines.earliest() == start + 42s);
}

TEST_CASE("a limit of zero is none, and one that becomes shorter overtakes") {
  Deadlines deadlines;
  Late endless, brief;
  deadlines.arm(endless, Waiting::idle, start);
  CHECK(deadlines.earliest() == thane::never);
  deadlines.set_limit(Waiting::idle, 1s);
  deadlines.arm(brief, Waiting::idle, start);
  deadlines.expire(start + 1s);
  CHECK(brief.calls == 1);
  CHECK(endless.calls == 0);
  deadlines.expire_all(Waiting::idle);
  CHECK(endless.calls == 1);
}

struct Destroyer final : Limited {
  std::unique_ptr<Late> victim = std::make_unique<Late>();
  void on_deadline() override { victim.reset(); }
};

TEST_CASE("who is told may destroy those that would be next") {
  Deadlines deadlines;
  deadlines.set_limit(Waiting::idle, 1s);
  Destroyer first, second;
  deadlines.arm(first, Waiting::idle, start);
  deadlines.arm(*first.victim, Waiting::idle, start);
  deadlines.arm(second, Waiting::idle, start);
  deadlines.expire_all(Waiting::idle);
  CHECK_FALSE(first.victim);
  CHECK_FALSE(second.victim);
  CHECK(deadlines.earliest() == thane::never);
}

struct Rearming final : Limited {
  Deadlines& deadlines;
  Limited& other;
  int calls = 0;
  Rearming(Deadlines& all, Limited& one) : deadlines(all), other(one) {}
  void on_deadline() override {
    ++calls;
    deadlines.arm(*this, Waiting::idle, start);
    deadlines.arm(other, Waiting::idle, start);
  }
};

TEST_CASE("who is told may arm itself and others again, and they are told later") {
  Deadlines deadlines;
  deadlines.set_limit(Waiting::idle, 1s);
  Late other;
  Rearming one{deadlines, other};
  deadlines.arm(one, Waiting::idle, start);
  deadlines.arm(other, Waiting::idle, start);
  deadlines.expire_all(Waiting::idle);
  CHECK(one.calls == 1);
  CHECK(other.calls == 0);
  CHECK(deadlines.earliest() == start + 1s);
}

TEST_CASE("who has waited longest can be told first, wherever it is filed") {
  Deadlines deadlines;
  deadlines.set_limit(Waiting::idle, 10s);
  Late one, two, busy;
  deadlines.arm(one, Waiting::idle, start);
  deadlines.arm(two, Waiting::idle, start + 1s);
  deadlines.arm(busy, Waiting::idle, start);
  deadlines.arm(one, Waiting::idle, start + 2s);
  deadlines.arm(busy, Waiting::nothing, start);
  CHECK(deadlines.any(Waiting::idle));
  CHECK(deadlines.expire_longest(Waiting::idle));
  CHECK(two.calls == 1);
  CHECK(deadlines.expire_longest(Waiting::idle));
  CHECK(one.calls == 1);
  CHECK_FALSE(deadlines.any(Waiting::idle));
  CHECK_FALSE(deadlines.expire_longest(Waiting::idle));
  CHECK(busy.calls == 0);
}

TEST_CASE("who has waited for a while is told once, and again after the next request") {
  Deadlines deadlines;
  Late early, late, busy;
  deadlines.arm(early, Waiting::idle, start);
  deadlines.arm(late, Waiting::idle, start + 2s);
  deadlines.arm(busy, Waiting::idle, start);
  deadlines.arm(busy, Waiting::nothing, start);
  CHECK(deadlines.settle(start + 1s, 9));
  CHECK(deadlines.settle(start + 1s, 9));
  CHECK(early.settled == 1);
  CHECK(late.settled + busy.settled == 0);
  deadlines.arm(early, Waiting::idle, start + 2s);
  deadlines.arm(busy, Waiting::idle, start + 2s);
  CHECK_FALSE(deadlines.settle(start + 3s, 2));
  CHECK(deadlines.settle(start + 3s, 2));
  CHECK(early.settled == 2);
  CHECK(late.settled == 1);
  CHECK(busy.settled == 1);
}

TEST_CASE("what is destroyed is not told") {
  Deadlines deadlines;
  deadlines.set_limit(Waiting::idle, 1s);
  Late stays;
  {
    Late gone;
    deadlines.arm(gone, Waiting::idle, start);
    deadlines.arm(stays, Waiting::idle, start + 2h);
  }
  CHECK(deadlines.settle(start + 2h, 9));
  CHECK(stays.settled == 1);
  deadlines.arm(stays, Waiting::nothing, start);
  deadlines.expire(start + 3h);
  CHECK(deadlines.earliest() == thane::never);
}

}  // namespace
