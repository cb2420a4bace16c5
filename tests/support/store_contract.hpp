// What every store of service records promises, as a test of any of them.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <thane/servicegroup.hpp>
#include <vector>

namespace thane::testing {

/// On a fiber, with a store that is empty.
inline void check_store_contract(servicegroup::Store& store) {
  using servicegroup::Member;
  using servicegroup::Record;
  const Member compute{.host = "node-1", .binary = "compute", .topic = "c", .version = 7};
  const Member other{.host = "node-2", .binary = "compute", .topic = "c", .version = 1};
  const auto only = [&](const std::string& host) {
    const std::vector<Record> found = store.list({.host = host, .binary = "compute"});
    REQUIRE(found.size() == 1);
    return found.front();
  };

  CHECK(store.list({}).empty());
  CHECK_FALSE(store.report("node-1", "compute"));
  CHECK_FALSE(store.change("node-1", "compute", servicegroup::enable()));
  CHECK_FALSE(store.remove("node-1", "compute"));

  store.join(compute, {});
  const Record joined = only("node-1");
  CHECK(joined.member == compute);
  CHECK(joined.report_count == 0);
  CHECK_FALSE(joined.disabled);
  CHECK_FALSE(joined.forced_down);
  CHECK(joined.last_seen_up == joined.created_at);
  CHECK(joined.read_at >= joined.last_seen_up);
  CHECK(joined.read_at - joined.last_seen_up < std::chrono::minutes{1});

  CHECK(store.report("node-1", "compute"));
  CHECK(store.report("node-1", "compute"));
  CHECK(only("node-1").report_count == 2);
  CHECK(only("node-1").last_seen_up >= joined.last_seen_up);

  store.join(other, servicegroup::disable("it's \"new\"\nЖ"));
  CHECK(only("node-2").disabled);
  CHECK(only("node-2").disabled_reason == "it's \"new\"\nЖ");
  CHECK(store.list({}).size() == 2);
  CHECK(store.list({.host = "node-1"}).size() == 1);
  CHECK(store.list({.binary = "scheduler"}).empty());

  CHECK(store.change("node-1", "compute", servicegroup::disable("disk")));
  CHECK(store.change("node-1", "compute", servicegroup::force_down()));
  Member upgraded = compute;
  upgraded.version = 8;
  store.join(upgraded, {});  // It starts again: what operators have set stays.
  CHECK(only("node-1").member == upgraded);
  CHECK(only("node-1").disabled_reason == "disk");
  CHECK(only("node-1").forced_down);
  CHECK(only("node-1").report_count == 2);
  CHECK(store.change("node-1", "compute", servicegroup::enable()));
  CHECK(store.change("node-1", "compute", servicegroup::unforce_down()));
  CHECK_FALSE(only("node-1").disabled);
  CHECK(only("node-1").disabled_reason.empty());
  CHECK_FALSE(only("node-1").forced_down);

  store.disconnect();  // The next call opens it again.
  CHECK(store.remove("node-1", "compute"));
  CHECK(store.list({}).size() == 1);
  CHECK(store.remove("node-2", "compute"));
}

}  // namespace thane::testing
