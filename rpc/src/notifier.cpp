#include <thane/rpc/notifier.hpp>

#include <fmt/chrono.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include <thane/log.hpp>
#include <thane/rpc/errors.hpp>
#include <thane/snapshot.hpp>

#include "json_text.hpp"
#include "mask_secrets.hpp"
#include "message_fields.hpp"
#include "notification_routes.hpp"
#include "transport.hpp"

namespace thane::rpc {

namespace {

using internal::NotificationFormat;
using nlohmann::json;

// What a listener may know of the request. A context holds tokens and whatever a service puts into
// it, and anybody may listen: only these go out, as with oslo.messaging of Debian.
constexpr std::array<std::string_view, 27> safe_names{
    "user_id",
    "user_name",
    "user",
    "user_domain_id",
    "user_domain_name",
    "user_domain",
    "project_id",
    "project_name",
    "project_domain_id",
    "project_domain_name",
    "project_domain",
    "domain_id",
    "domain_name",
    "domain",
    "is_admin",
    "roles",
    "request_id",
    "global_request_id",
    "system_scope",
    "service_user_id",
    "service_user_domain_id",
    "service_user_domain_name",
    "service_project_id",
    "service_project_name",
    "service_project_domain_id",
    "service_project_domain_name",
    "service_roles",
};

constexpr std::size_t most_recorded = 1000;

Context without_secrets(const Context& context) {
  json values = json::object();
  for (const auto& [name, value] : context.values().items()) {
    if (std::ranges::find(safe_names, name) != safe_names.end()) values[name] = value;
  }
  return Context{std::move(values)};
}

// As str(datetime.utcnow()) has it: no fraction when it is zero.
std::string timestamp() {
  const auto now =
      std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  const auto second = std::chrono::time_point_cast<std::chrono::seconds>(now);
  const auto micros = (now - second).count();
  std::string text = fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::gmtime(now));
  text.resize(std::min<std::size_t>(text.size(), 19));  // What is in it of seconds' fractions.
  return micros == 0 ? text : fmt::format("{}.{:06}", text, micros);
}

std::string upper(std::string_view text) {
  std::string out{text};
  for (char& letter : out) letter = static_cast<char>(letter - 32);
  return out;
}

log::Level level_of(Priority priority) {
  switch (priority) {
    case Priority::debug:
      return log::Level::debug;
    case Priority::warn:
      return log::Level::warning;
    case Priority::error:
      return log::Level::error;
    case Priority::critical:
      return log::Level::critical;
    case Priority::audit:
    case Priority::info:
    case Priority::sample:
      break;
  }
  return log::Level::info;
}

Notifier::Options options_from(const Config& config, std::string publisher_id) {
  const auto values = config.snapshot();
  const std::string group = "oslo_messaging_notifications.";
  return {.publisher_id = std::move(publisher_id),
          .drivers = values->get<std::vector<std::string>>(group + "driver"),
          .routing_config = values->get<std::string>(group + "routing_config"),
          .topics = values->get<std::vector<std::string>>(group + "topics"),
          .retry = values->get<int>(group + "retry")};
}

}  // namespace

struct Notifier::State {
  Transport transport;
  Options options;
  internal::NotificationRoutes routes;
  // Of driver `test`; copies that prepare() makes write into the same.
  std::shared_ptr<std::deque<Notification>> recorded = std::make_shared<std::deque<Notification>>();

  void send(Priority priority, const json& context, const json& message) const {
    for (const std::string& driver : options.drivers) {
      if (driver != internal::routing_driver) {
        send_by(driver, priority, context, message);
        continue;
      }
      const auto& event_type = message.at("event_type").get_ref<const std::string&>();
      for (const std::string& each : routes.drivers_for(event_type, to_string(priority))) {
        log::info("Routing '{}' notification to '{}' driver", event_type, each);
        send_by(each, priority, context, message);
      }
    }
  }

  void send_by(const std::string& driver, Priority priority, const json& context,
               const json& message) const {
    if (driver == "log") {
      log::write(level_of(priority), "notification {}",
                 internal::encode(internal::mask_secrets(message)));
    } else if (driver == "test") {
      recorded->emplace_back(Context{context}, message);
      if (recorded->size() > most_recorded) recorded->pop_front();
    } else if (driver != "noop") {
      publish(priority, context, message,
              driver == "messaging" ? NotificationFormat::bare : NotificationFormat::enveloped);
    }
  }

  void publish(Priority priority, const json& context, const json& message,
               NotificationFormat format) const {
    for (const std::string& topic : options.topics) {
      const Target target{.exchange = transport.settings().control_exchange,
                          .topic = topic + "." + std::string{to_string(priority)}};
      try {
        transport.driver().notify(target, {.message = message, .context = context}, format,
                                  options.retry);
      } catch (const std::exception& error) {
        log::error("Could not send notification to {}. Payload={}: {}", topic,
                   internal::encode(internal::mask_secrets(message)), error.what());
      }
    }
  }
};

Notifier::Notifier(std::shared_ptr<const State> state) noexcept : state_(std::move(state)) {}

Notifier::Notifier(Transport transport, Options options) {
  internal::NotificationRoutes routes;
  for (const std::string& driver : options.drivers) {
    if (driver == internal::routing_driver) {
      routes = internal::NotificationRoutes::from_file(options.routing_config);
    } else if (!internal::is_notification_driver(driver)) {
      throw DriverLoadFailure(driver, "notifications have no driver of that name");
    }
  }
  state_ = std::make_shared<const State>(
      State{std::move(transport), std::move(options), std::move(routes)});
}

Notifier::Notifier(const Config& config, Transport transport, std::string publisher_id)
    : Notifier(std::move(transport), options_from(config, std::move(publisher_id))) {}

Notifier Notifier::prepare(std::string publisher_id) const {
  auto state = std::make_shared<State>(*state_);
  state->options.publisher_id = std::move(publisher_id);
  return Notifier{std::move(state)};
}

std::vector<Notification> Notifier::recorded() const {
  return {state_->recorded->begin(), state_->recorded->end()};
}

void Notifier::notify(Priority priority, const Context& context, std::string_view event_type,
                      const json& payload) const {
  const Serializer* const serializer = state_->options.serializer.get();
  const Context safe = without_secrets(context);
  const Context sent = serializer != nullptr ? serializer->serialize_context(safe) : safe;
  const json message{
      {"message_id", internal::new_uuid()},
      {"publisher_id", state_->options.publisher_id},
      {"event_type", event_type},
      {"priority", upper(to_string(priority))},
      {"payload", serializer != nullptr ? serializer->serialize_entity(context, payload) : payload},
      {"timestamp", timestamp()}};
  state_->send(priority, sent.values(), message);
}

void Notifier::audit(const Context& context, std::string_view event_type,
                     const json& payload) const {
  notify(Priority::audit, context, event_type, payload);
}

void Notifier::debug(const Context& context, std::string_view event_type,
                     const json& payload) const {
  notify(Priority::debug, context, event_type, payload);
}

void Notifier::info(const Context& context, std::string_view event_type,
                    const json& payload) const {
  notify(Priority::info, context, event_type, payload);
}

void Notifier::warn(const Context& context, std::string_view event_type,
                    const json& payload) const {
  notify(Priority::warn, context, event_type, payload);
}

void Notifier::error(const Context& context, std::string_view event_type,
                     const json& payload) const {
  notify(Priority::error, context, event_type, payload);
}

void Notifier::critical(const Context& context, std::string_view event_type,
                        const json& payload) const {
  notify(Priority::critical, context, event_type, payload);
}

void Notifier::sample(const Context& context, std::string_view event_type,
                      const json& payload) const {
  notify(Priority::sample, context, event_type, payload);
}

}  // namespace thane::rpc
