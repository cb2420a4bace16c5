#include "transport.hpp"

#include <chrono>
#include <stdexcept>
#include <utility>

#include <thane/rpc/errors.hpp>
#include <thane/snapshot.hpp>

#include "fake/fake_driver.hpp"
#include "local/local_driver.hpp"
#include "notification_routes.hpp"
#include "rabbit/driver.hpp"

namespace thane::rpc {

namespace internal {

std::shared_ptr<Driver> make_driver(const TransportUrl& url, const Snapshot* values) {
  const std::string name = url.driver();
  if (name == "fake") return make_fake_driver(url);
  if (name == "local") return make_local_driver(url);
  if (name == "rabbit" || name == "kombu") return rabbit::make_rabbit_driver(url, values);
  throw DriverLoadFailure(name, "there is none of that name");
}

}  // namespace internal

struct Transport::State {
  TransportUrl url;
  TransportSettings settings;
  std::shared_ptr<internal::Driver> driver;
};

namespace {

using Milliseconds = std::chrono::milliseconds;

const char* const default_url = "local://";

TransportSettings settings_from(const Snapshot& values) {
  return {.control_exchange = values.get<std::string>("control_exchange"),
          .rpc_response_timeout = values.get<Milliseconds>("rpc_response_timeout"),
          .executor_thread_pool_size =
              static_cast<std::size_t>(values.get<int>("executor_thread_pool_size")),
          .rpc_ping_enabled = values.get<bool>("rpc_ping_enabled")};
}

// "app.conf:3: transport_url: ", for what is wrong with an option.
std::string place_of(const Snapshot& values, const std::string& option) {
  for (const Snapshot::Entry& entry : values.entries()) {
    if (entry.name == option) return entry.origin + ": " + option + ": ";
  }
  return option + ": ";
}

// A transport_url holds passwords: what is wrong is told without a piece of it.
TransportUrl url_from(const Snapshot& values, const std::string& option) {
  try {
    return TransportUrl::parse(values.get<std::string>(option));
  } catch (const MessagingException&) {
    throw config_error(place_of(values, option) +
                       "there is no scheme; write local://, rabbit://HOST/ or fake://");
  } catch (const std::invalid_argument&) {
    throw config_error(place_of(values, option) +
                       "a port that is no number, or brackets that do not match; in a password "
                       "write / as %2F and @ as %40");
  }
}

std::shared_ptr<internal::Driver> driver_from(const TransportUrl& url, const Snapshot& values,
                                              const std::string& option) {
  try {
    return internal::make_driver(url, &values);
  } catch (const MessagingException& error) {
    throw config_error(place_of(values, option) + error.what());
  }
}

const char* const url_of_rpc = "transport_url";
const char* const url_of_notifications = "oslo_messaging_notifications.transport_url";
const char* const drivers_of_notifications = "oslo_messaging_notifications.driver";
const char* const routes_of_notifications = "oslo_messaging_notifications.routing_config";

void check_url(const Config& config, const std::string& option) {
  const auto values = config.snapshot();
  if (values->get<std::string>(option).empty()) return;
  (void)driver_from(url_from(*values, option), *values, option);  // Which connects to nothing yet.
}

void check_notification_drivers(const Config& config) {
  const auto values = config.snapshot();
  for (const std::string& driver :
       values->get<std::vector<std::string>>(drivers_of_notifications)) {
    if (driver == internal::routing_driver) {
      const auto path = values->get<std::string>(routes_of_notifications);
      if (path.empty()) {
        throw config_error(place_of(*values, drivers_of_notifications) +
                           "\"routing\" needs routing_config, the file with its rules");
      }
      (void)internal::NotificationRoutes::from_file(path);
    } else if (!internal::is_notification_driver(driver)) {
      throw config_error(place_of(*values, drivers_of_notifications) +
                         "notifications have no driver \"" + driver + "\"");
    }
  }
}

}  // namespace

OptGroup options() {
  const TransportSettings defaults;
  return {.name = "DEFAULT",
          .options =
              {
                  Opt<std::string>{
                      .name = "transport_url",
                      .default_value = default_url,
                      .help = "How messages travel: local:// (the default), local://DIRECTORY, "
                              "rabbit://USER:PASSWORD@HOST:PORT/VIRTUAL_HOST or fake://.",
                      .secrecy = Secrecy::secret},
                  Opt<std::string>{.name = "control_exchange",
                                   .default_value = defaults.control_exchange,
                                   .help = "The exchange of targets that name none."},
                  Opt<Milliseconds>{.name = "rpc_response_timeout",
                                    .default_value = defaults.rpc_response_timeout,
                                    .help = "How long a call waits for its answer.",
                                    .min = Milliseconds{1}},
                  Opt<int>{
                      .name = "executor_thread_pool_size",
                      .default_value = static_cast<int>(defaults.executor_thread_pool_size),
                      .help = "How many messages an RPC server works on at a time, in each worker.",
                      .min = 1,
                      .deprecated_name = "rpc_thread_pool_size"},
                  Opt<bool>{.name = "rpc_ping_enabled",
                            .default_value = defaults.rpc_ping_enabled,
                            .help = "Whether RPC servers answer oslo_rpc_server_ping."},
              },
          .check = [](const Config& config) { check_url(config, url_of_rpc); }};
}

OptGroup notification_options() {
  return {
      .name = "oslo_messaging_notifications",
      .options =
          {
              Opt<std::vector<std::string>>{
                  .name = "driver",
                  .help = "How notifications are sent: messagingv2, messaging, routing, log, noop, "
                          "test; several are all used.",
                  .deprecated_name = "DEFAULT.notification_driver"},
              Opt<std::string>{.name = "transport_url",
                               .help = "How they travel; empty: as RPC does.",
                               .secrecy = Secrecy::secret,
                               .deprecated_name = "DEFAULT.notification_transport_url"},
              Opt<std::vector<std::string>>{.name = "topics",
                                            .default_value = {"notifications"},
                                            .help = "Where they are sent to, each of them.",
                                            .deprecated_name = "rpc_notifier2.topics "
                                                               "DEFAULT.notification_topics"},
              Opt<std::string>{.name = "routing_config",
                               .help = "The file that tells driver routing which notifications "
                                       "go to which of the others.",
                               .deprecated_name = "DEFAULT.routing_notifier_config"},
              Opt<int>{.name = "retry",
                       .default_value = -1,
                       .help = "How often one that cannot be sent is tried again; -1: for ever.",
                       .min = -1},
          },
      .check = [](const Config& config) {
        check_url(config, url_of_notifications);
        check_notification_drivers(config);
      }};
}

Transport::Transport(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}

Transport Transport::from(const Config& config) {
  return from(*config.snapshot());
}

Transport Transport::from(const Snapshot& values) {
  return by_option(values, url_of_rpc);
}

Transport Transport::by_option(const Snapshot& values, const char* option) {
  const auto url = url_from(values, option);
  return Transport{
      std::make_shared<State>(State{url, settings_from(values), driver_from(url, values, option)})};
}

Transport Transport::from(const std::string& text, const TransportSettings& settings) {
  const auto url = TransportUrl::parse(text);
  return Transport{
      std::make_shared<State>(State{url, settings, internal::make_driver(url, nullptr)})};
}

Transport Transport::for_notifications(const Config& config) {
  const auto values = config.snapshot();
  const bool own = !values->get<std::string>(url_of_notifications).empty();
  return by_option(*values, own ? url_of_notifications : url_of_rpc);
}

const TransportUrl& Transport::url() const noexcept {
  return state_->url;
}

const TransportSettings& Transport::settings() const noexcept {
  return state_->settings;
}

internal::Driver& Transport::driver() const noexcept {
  return *state_->driver;
}

}  // namespace thane::rpc
