#include "rabbit/reconnect_schedule.hpp"

#include <doctest/doctest.h>

#include <chrono>

using thane::rpc::internal::rabbit::RabbitOptions;
using thane::rpc::internal::rabbit::ReconnectSchedule;
using namespace std::chrono_literals;

namespace {

TEST_CASE("pauses before the first connection grow from 1 s by 2 s up to 30 s") {
  ReconnectSchedule schedule{{}, 1};
  for (const auto pause : {1s, 3s, 5s, 7s}) CHECK(schedule.failed() == pause);
  for (int i = 0; i < 20; ++i) (void)schedule.failed();
  CHECK(schedule.failed() == 30s);
}

TEST_CASE("all hosts are tried before a pause") {
  ReconnectSchedule schedule{{}, 3};
  CHECK(schedule.host() == 0);
  CHECK(schedule.failed() == 0s);
  CHECK(schedule.host() == 1);
  CHECK(schedule.failed() == 0s);
  CHECK(schedule.host() == 2);
  CHECK(schedule.failed() == 1s);
  CHECK(schedule.host() == 0);
}

TEST_CASE("a lost connection is replaced by another host at once, by the same after its delay") {
  ReconnectSchedule one{{}, 1};
  (void)one.failed();
  one.connected();
  for (int i = 0; i < 10; ++i) CHECK(one.failed() == 1s);  // Whoever was there will be back.

  ReconnectSchedule two{{}, 2};
  two.connected();
  CHECK(two.failed() == 0s);
  CHECK(two.host() == 1);
  CHECK(two.failed() == 1s);
}

TEST_CASE("there is always some pause between rounds") {
  RabbitOptions none;
  none.kombu_reconnect_delay = 0ms;
  none.rabbit_retry_interval = 0ms;
  ReconnectSchedule schedule{none, 1};
  CHECK(schedule.failed() == 100ms);
  schedule.connected();
  CHECK(schedule.failed() == 100ms);
}

}  // namespace
