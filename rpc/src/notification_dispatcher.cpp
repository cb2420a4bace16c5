#include "notification_dispatcher.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

namespace thane::rpc {

namespace {

using nlohmann::json;

std::map<std::string, std::regex> compile(const std::map<std::string, std::string>& rules) {
  std::map<std::string, std::regex> compiled;
  for (const auto& [name, pattern] : rules) {
    if (!pattern.empty()) compiled.emplace(name, std::regex{pattern});
  }
  return compiled;
}

// Python's re.match(): at the beginning, not of the whole.
bool matches(const std::map<std::string, std::regex>& rules, const json& values) {
  return std::ranges::all_of(rules, [&](const auto& rule) {
    if (!values.is_object()) return false;
    const auto found = values.find(rule.first);
    return found != values.end() && found->is_string() &&
           std::regex_search(found->template get_ref<const std::string&>(), rule.second,
                             std::regex_constants::match_continuous);
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
  for (const auto& endpoint : endpoints_) {
    const auto method = endpoint->methods.find(batch.front().priority());
    if (method == endpoint->methods.end()) continue;
    std::vector<Notification> wanted;
    std::ranges::copy_if(batch, std::back_inserter(wanted),
                         [&](const Notification& each) { return endpoint->wants(each); });
    if (wanted.empty()) continue;
    if (method->second(wanted) == NotificationResult::requeue) return NotificationResult::requeue;
  }
  return NotificationResult::handled;
}

}  // namespace internal
}  // namespace thane::rpc
