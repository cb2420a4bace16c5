#include "notification_dispatcher.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include <thane/log.hpp>

namespace thane::rpc {

namespace {

using nlohmann::json;

using Rules = std::map<std::string, internal::Pattern>;

Rules compile(const std::map<std::string, std::string>& rules) {
  Rules compiled;
  for (const auto& [name, expression] : rules) {
    if (!expression.empty()) compiled.emplace(name, internal::Pattern{expression});
  }
  return compiled;
}

bool matches(const Rules& rules, const json& values) {
  return std::ranges::all_of(rules, [&](const auto& rule) {
    if (!values.is_object()) return false;
    const auto found = values.find(rule.first);
    return found != values.end() && found->is_string() &&
           rule.second.matches(found->template get_ref<const std::string&>());
  });
}

}  // namespace

NotificationEndpoint::State::State(const NotificationFilter& filter)
    : words_(compile({{"publisher_id", filter.publisher_id}, {"event_type", filter.event_type}})),
      context_(compile(filter.context)),
      metadata_(compile(filter.metadata)),
      payload_(compile(filter.payload)) {}

bool NotificationEndpoint::State::wants(const Notification& notification) const {
  return matches(words_, {{"publisher_id", notification.publisher_id()},
                          {"event_type", notification.event_type()}}) &&
         matches(context_, notification.context().values()) &&
         matches(metadata_, {{"message_id", notification.message_id()},
                             {"timestamp", notification.timestamp()}}) &&
         matches(payload_, notification.payload());
}

NotificationEndpoint::NotificationEndpoint(NotificationFilter filter)
    : state_(std::make_shared<State>(filter)) {}

NotificationEndpoint& NotificationEndpoint::on(Priority priority, Method method) {
  return on_batch(priority, [method = std::move(method)](const std::vector<Notification>& batch) {
    auto result = NotificationResult::handled;
    for (const Notification& notification : batch) {
      if (method(notification) == NotificationResult::requeue) {
        result = NotificationResult::requeue;
      }
    }
    return result;
  });
}

NotificationEndpoint& NotificationEndpoint::on_batch(Priority priority, BatchMethod method) {
  state_->methods.insert_or_assign(std::string{to_string(priority)}, std::move(method));
  return *this;
}

namespace internal {

std::vector<std::string> NotificationDispatcher::priorities() const {
  std::set<std::string> all;
  for (const auto& endpoint : endpoints_) {
    for (const auto& [priority, method] : endpoint->methods) all.insert(priority);
  }
  return {all.begin(), all.end()};
}

NotificationResult NotificationDispatcher::dispatch(const std::vector<Notification>& batch) const {
  const std::string priority = batch.front().priority();
  bool known = false;
  for (const auto& endpoint : endpoints_) {
    const auto method = endpoint->methods.find(priority);
    if (method == endpoint->methods.end()) continue;
    known = true;
    std::vector<Notification> wanted;
    std::ranges::copy_if(batch, std::back_inserter(wanted),
                         [&](const Notification& each) { return endpoint->wants(each); });
    if (wanted.empty()) continue;
    if (method->second(wanted) == NotificationResult::requeue) return NotificationResult::requeue;
  }
  if (!known) log::warning("a notification of the unknown priority \"{}\" is dropped", priority);
  return NotificationResult::handled;
}

}  // namespace internal
}  // namespace thane::rpc
