#include "notification_routes.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <thane/config.hpp>

#include "support/temporary_directory.hpp"

using thane::rpc::internal::NotificationRoutes;
using Drivers = std::vector<std::string>;

namespace {

std::string refused_rules(const std::string& text) {
  try {
    (void)NotificationRoutes::parse(text, "routes.yaml");
  } catch (const thane::config_error& error) {
    return error.what();
  }
  return "none";
}

// Written by tests/oracle/notification_routes.py.
TEST_CASE("notifications go where oslo.messaging would send them") {
  std::ifstream file{TEST_DATA_DIR "/rpc/notification_routes.json"};
  int routed = 0;
  for (const auto& each : nlohmann::json::parse(file)) {
    const auto text = each.at("text").get<std::string>();
    INFO(text);
    const auto routes = NotificationRoutes::parse(text, "routes.yaml");
    for (const auto& notification : each.at("notifications")) {
      INFO(notification.dump());
      Drivers drivers = routes.drivers_for(notification[0].get_ref<const std::string&>(),
                                           notification[1].get_ref<const std::string&>());
      std::ranges::sort(drivers);
      CHECK(drivers == notification[2].get<Drivers>());
      routed += static_cast<int>(drivers.size());
    }
  }
  CHECK(routed > 500);
}

TEST_CASE("a driver that several groups accept is used once, in the order of the file") {
  const auto routes = NotificationRoutes::parse(
      "one:\n  log: {}\n  test: {accepted_events: [a]}\ntwo:\n  test: {}\n  log: {}\n", "x");
  CHECK(routes.drivers_for("a", "info") == Drivers{"log", "test"});
}

TEST_CASE("a file that will not do is refused with the line that is wrong") {
  CHECK(refused_rules("group:\n  pigeon: {}\n") ==
        "routes.yaml:2: notifications have no driver \"pigeon\" to be routed to");
  CHECK(refused_rules("group:\n  mesaging: {}\n").ends_with("; did you mean \"messaging\"?"));
  CHECK(
      refused_rules("group:\n  routing: {}\n").starts_with("routes.yaml:2: notifications have no"));
  CHECK(refused_rules("group:\n  log:\n    acepted_events: [a]\n") ==
        "routes.yaml:3: there is no rule \"acepted_events\", only accepted_events and "
        "accepted_priorities; did you mean \"accepted_events\"?");
  CHECK(refused_rules("group:\n  log:\n    rejected_events: [a]\n")
            .starts_with("routes.yaml:3: there"));
  CHECK(refused_rules("group:\n  log:\n    accepted_events: compute.*\n") ==
        "routes.yaml:3: accepted_events wants a list of patterns: [compute.*, volume.*]");
  CHECK(refused_rules("group:\n  log:\n    accepted_events: [~]\n") ==
        "routes.yaml:3: a pattern of accepted_events is text; quote it");
  CHECK(refused_rules("group:\n  log:\n") ==
        "routes.yaml:2: a map of rules is wanted here; {} is an empty one");
  CHECK(refused_rules("[group]\n") ==
        "routes.yaml:1: a map of groups is wanted here; {} is an empty one");
  CHECK(refused_rules("group: {log: {accepted_events: [*.a]}}\n").starts_with("routes.yaml:1: "));
}

TEST_CASE("a file of routes is found, or named") {
  const thane::testing::TemporaryDirectory folder;
  const std::string path = folder.write("routes.yaml", "g: {test: {}}");
  CHECK(NotificationRoutes::from_file(path).drivers_for("a", "info") == Drivers{"test"});
  for (const auto& [wrong, why] :
       {std::pair{folder.file("none"), folder.file("none") + ": No such file or directory"},
        std::pair{folder.path(), folder.path() + ": Is a directory"},
        std::pair{std::string{},
                  std::string{"driver routing needs routing_config, the file with its rules"}}}) {
    std::string told;
    try {
      (void)NotificationRoutes::from_file(wrong);
    } catch (const thane::config_error& error) {
      told = error.what();
    }
    CHECK(told == why);
  }
}

}  // namespace
