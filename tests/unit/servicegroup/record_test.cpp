#include <doctest/doctest.h>

#include <chrono>
#include <thane/servicegroup/record.hpp>

namespace servicegroup = thane::servicegroup;
using namespace std::chrono_literals;
using servicegroup::Record;

namespace {

Record seen(std::chrono::system_clock::duration ago) {
  Record record{.member = {.host = "node-1", .binary = "compute", .topic = "c", .version = 3}};
  record.read_at = Record::Time{1'800'000'000s};
  record.last_seen_up = record.updated_at = record.read_at - ago;
  return record;
}

TEST_CASE("a service is up until service_down_time has passed since its last report") {
  CHECK(is_up(seen(0s), 60s));
  CHECK(is_up(seen(60s), 60s));
  CHECK_FALSE(is_up(seen(60s + 1ms), 60s));
}

TEST_CASE("a report from the future is as bad as an old one") {
  CHECK(is_up(seen(-60s), 60s));
  CHECK_FALSE(is_up(seen(-61s), 60s));
}

TEST_CASE("a service that is forced down is down, whatever it reports") {
  Record record = seen(0s);
  record.forced_down = true;
  CHECK_FALSE(is_up(record, 60s));
}

TEST_CASE("what callers may rely on is the lowest version of a binary") {
  Record old = seen(1h);
  old.member.version = 2;
  Record other = seen(0s);
  other.member = {.host = "node-1", .binary = "scheduler", .version = 1};
  CHECK(servicegroup::minimum_version({seen(0s), old, other}, "compute") == 2);
  CHECK(servicegroup::minimum_version({other}, "compute") == 0);
}

TEST_CASE("the table has a row for each service, and columns as wide as they need to be") {
  Record disabled = seen(2min + 500ms);
  disabled.member.host = "node-2";
  disabled.disabled = true;
  disabled.disabled_reason = "disk";
  const std::string rule =
      "+---------+--------+-------+----------+-------+----------------------------+"
      "-----------------+-------------+---------+\n";
  CHECK(servicegroup::table({seen(0s), disabled}, 60s) ==
        rule +
            "| Binary  | Host   | Topic | Status   | State | Updated At                 "
            "| Disabled Reason | Forced Down | Version |\n" +
            rule +
            "| compute | node-1 | c     | enabled  | up    | 2027-01-15T08:00:00.000000 "
            "| -               | False       | 3       |\n"
            "| compute | node-2 | c     | disabled | down  | 2027-01-15T07:57:59.500000 "
            "| disk            | False       | 3       |\n" +
            rule);
}

}  // namespace
