#include <thane/rpc/notification.hpp>

#include <nlohmann/json.hpp>
#include <utility>

namespace thane::rpc {

using nlohmann::json;

namespace {

std::string text(const json& message, const char* key) {
  const auto found = message.find(key);
  return found != message.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

}  // namespace

std::string_view to_string(Priority priority) noexcept {
  switch (priority) {
    case Priority::audit:
      return "audit";
    case Priority::debug:
      return "debug";
    case Priority::info:
      return "info";
    case Priority::warn:
      return "warn";
    case Priority::error:
      return "error";
    case Priority::critical:
      return "critical";
    case Priority::sample:
      return "sample";
  }
  return "";
}

Notification::Notification(Context context, json message)
    : context_(std::move(context)), message_(std::make_shared<const json>(std::move(message))) {}

std::string Notification::publisher_id() const {
  return text(*message_, "publisher_id");
}

std::string Notification::event_type() const {
  return text(*message_, "event_type");
}

std::string Notification::priority() const {
  std::string priority = text(*message_, "priority");
  for (char& letter : priority) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter + 32);
  }
  return priority;
}

const json& Notification::payload() const {
  static const json none;
  const auto found = message_->find("payload");
  return found == message_->end() ? none : *found;
}

std::string Notification::message_id() const {
  return text(*message_, "message_id");
}

std::string Notification::timestamp() const {
  return text(*message_, "timestamp");
}

}  // namespace thane::rpc
