#include "rabbit/reconnect_schedule.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>

using thane::rpc::internal::rabbit::RabbitOptions;
using thane::rpc::internal::rabbit::ReconnectSchedule;
using namespace std::chrono_literals;

namespace {

TEST_CASE("pauses before the first connection grow from 1 s by 2 s up to 30 s") {
  ReconnectSchedule schedule{{}, 1, 0};
  for (const auto pause : {1s, 3s, 5s, 7s}) CHECK(schedule.failed() == pause);
  for (int i = 0; i < 20; ++i) (void)schedule.failed();
  CHECK(schedule.failed() == 30s);
}

TEST_CASE("all hosts are tried before a pause") {
  ReconnectSchedule schedule{{}, 3, 0};
  std::set<std::size_t> tried;
  const auto first = schedule.host();
  for (const auto pause : {0s, 0s, 1s}) {
    tried.insert(schedule.host());
    CHECK(schedule.failed() == pause);
  }
  CHECK(tried == std::set<std::size_t>{0, 1, 2});
  CHECK(schedule.host() == first);
}

TEST_CASE("processes begin with different hosts, and go on in turn or, if told to, by chance") {
  std::set<std::size_t> first;
  std::set<std::pair<std::size_t, std::size_t>> in_turn;
  std::set<std::pair<std::size_t, std::size_t>> by_chance;
  RabbitOptions shuffle;
  shuffle.kombu_failover_strategy = "shuffle";
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    first.insert(ReconnectSchedule{{}, 3, seed}.host());
    ReconnectSchedule turning{{}, 3, 7};
    ReconnectSchedule shuffling{shuffle, 3, 7};
    for (std::uint64_t i = 0; i < seed; ++i) (void)turning.failed(), (void)shuffling.failed();
    const auto turned = turning.host();
    const auto shuffled = shuffling.host();
    (void)turning.failed();
    (void)shuffling.failed();
    in_turn.emplace(turned, turning.host());
    by_chance.emplace(shuffled, shuffling.host());
  }
  CHECK(first.size() == 3);
  CHECK(in_turn.size() == 3);
  CHECK(by_chance.size() == 6);  // Each after each other one.
}

TEST_CASE("a splay makes pauses longer by chance, once there was a connection") {
  RabbitOptions splayed;
  splayed.kombu_reconnect_splay = 2s;
  ReconnectSchedule schedule{splayed, 1, 1};
  CHECK(schedule.failed() == 1s);
  schedule.connected();
  std::set<thane::Duration> pauses;
  for (int i = 0; i < 100; ++i) pauses.insert(schedule.failed());
  CHECK(*pauses.begin() >= 1s);
  CHECK(*pauses.rbegin() <= 3s);
  CHECK(pauses.size() > 50);
}

TEST_CASE("a lost connection is replaced by another host at once, by the same after its delay") {
  ReconnectSchedule one{{}, 1, 0};
  (void)one.failed();
  one.connected();
  for (int i = 0; i < 10; ++i) CHECK(one.failed() == 1s);  // Whoever was there will be back.

  ReconnectSchedule two{{}, 2, 0};
  two.connected();
  const auto lost = two.host();
  CHECK(two.failed() == 0s);
  CHECK(two.host() != lost);
  CHECK(two.failed() == 1s);
  CHECK(two.failed() == 0s);
  two.connected();
  CHECK(two.failed() == 0s);
}

TEST_CASE("there is always some pause between rounds") {
  RabbitOptions none;
  none.kombu_reconnect_delay = 0ms;
  none.rabbit_retry_interval = 0ms;
  ReconnectSchedule schedule{none, 1, 0};
  CHECK(schedule.failed() == 100ms);
  schedule.connected();
  CHECK(schedule.failed() == 100ms);
}

}  // namespace
