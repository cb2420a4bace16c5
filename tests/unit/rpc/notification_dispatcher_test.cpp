#include "notification_dispatcher.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "support/captured_log.hpp"

using namespace thane::rpc;
using internal::NotificationDispatcher;
using nlohmann::json;
using Result = NotificationResult;

namespace {

std::vector<Notification> batch(const std::vector<std::string>& event_types,
                                const std::string& priority = "INFO") {
  std::vector<Notification> made;
  for (const std::string& each : event_types) {
    made.emplace_back(Context{}, json{{"event_type", each},
                                      {"publisher_id", "p"},
                                      {"message_id", "id of " + each},
                                      {"priority", priority}});
  }
  return made;
}

// Notes the types of events it is given, and whether it wants them again.
NotificationEndpoint noting(std::string& notes, Result answer, NotificationFilter filter = {}) {
  NotificationEndpoint endpoint{std::move(filter)};
  endpoint.on_batch(Priority::info, [&notes, answer](const std::vector<Notification>& given) {
    notes += "[";
    for (const Notification& each : given) notes += each.event_type();
    notes += "]";
    return answer;
  });
  return endpoint;
}

NotificationDispatcher with(const std::vector<NotificationEndpoint>& endpoints) {
  NotificationDispatcher::Endpoints states;
  for (const auto& each : endpoints) states.push_back(each.state());
  return NotificationDispatcher{std::move(states)};
}

TEST_CASE("each endpoint is given what it wants of a batch, and none an empty one") {
  std::string all;
  std::string some;
  std::string none;
  const auto dispatcher =
      with({noting(all, Result::handled),
            noting(some, Result::handled, {.metadata = {{"message_id", ".*b"}}}),
            noting(none, Result::handled, {.event_type = "x"})});
  CHECK(dispatcher.dispatch(batch({"a", "b"})) == Result::handled);
  CHECK(all == "[ab]");
  CHECK(some == "[b]");
  CHECK(none.empty());
}

TEST_CASE("endpoints behind the one that wants a batch again are not asked") {
  std::string first;
  std::string second;
  const auto dispatcher = with({noting(first, Result::requeue), noting(second, Result::handled)});
  CHECK(dispatcher.dispatch(batch({"a"})) == Result::requeue);
  CHECK(first == "[a]");
  CHECK(second.empty());
}

TEST_CASE("a batch comes again if one of its notifications should") {
  std::string seen;
  NotificationEndpoint endpoint;
  endpoint.on(Priority::info, [&](const Notification& each) {
    seen += each.event_type();
    return each.event_type() == "a" ? Result::requeue : Result::handled;
  });
  CHECK(with({endpoint}).dispatch(batch({"a", "b"})) == Result::requeue);
  CHECK(seen == "ab");
  CHECK(with({endpoint}).dispatch(batch({"b"})) == Result::handled);
}

TEST_CASE("a priority that nobody knows is logged and dropped") {
  const thane::testing::CapturedLog log;
  std::string seen;
  const auto dispatcher = with({noting(seen, Result::requeue)});
  CHECK(dispatcher.dispatch(batch({"a"}, "LOUD")) == Result::handled);
  CHECK(seen.empty());
  CHECK(log.count("a notification of the unknown priority \"loud\" is dropped") == 1);
}

}  // namespace
