#include <thane/servicegroup/settings.hpp>

#include <string>
#include <thane/log.hpp>
#include <thane/snapshot.hpp>

#include "store_url.hpp"

namespace thane::servicegroup {

namespace {

using Milliseconds = std::chrono::milliseconds;

double seconds(Milliseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

OptGroup options() {
  const Settings defaults;
  return {.name = "DEFAULT",
          .options = {
              Opt<Milliseconds>{.name = "report_interval",
                                .default_value = defaults.report_interval,
                                .help = "How often a service reports that it is alive.",
                                .min = Milliseconds{10}},
              Opt<Milliseconds>{.name = "service_down_time",
                                .default_value = defaults.service_down_time,
                                .help = "A service that has not reported for so long is down."},
              Opt<bool>{.name = "enable_new_services",
                        .default_value = defaults.enable_new_services,
                        .help = "Whether a service that is seen for the first time is enabled."},
          }};
}

OptGroup database_options() {
  return {.name = "database",
          .options =
              {
                  Opt<std::string>{.name = "connection",
                                   .default_value = "sqlite://",
                                   .help = "Where records of services are: sqlite:// (the "
                                           "default), sqlite:///FILE, "
                                           "postgresql://USER:PASSWORD@HOST/DATABASE or memory://.",
                                   .secrecy = Secrecy::secret},
                  Opt<Milliseconds>{.name = "timeout",
                                    .default_value = Milliseconds{10'000},
                                    .help = "The most that one use of the database takes.",
                                    .min = Milliseconds{10}},
              },
          .check = [](const Config& config) {
            (void)internal::StoreUrl::parse(config.get<std::string>("database.connection"));
          }};
}

Settings Settings::from(const Config& config) {
  const auto values = config.snapshot();
  Settings settings{.report_interval = values->get<Milliseconds>("report_interval"),
                    .service_down_time = values->get<Milliseconds>("service_down_time"),
                    .enable_new_services = values->get<bool>("enable_new_services")};
  if (settings.service_down_time <= settings.report_interval) {
    const Milliseconds longer = settings.report_interval * 5 / 2;
    log::warning(
        "report interval must be less than service down time: service_down_time is {} s, "
        "report_interval {} s; setting service_down_time to {} s",
        seconds(settings.service_down_time), seconds(settings.report_interval), seconds(longer));
    settings.service_down_time = longer;
  }
  return settings;
}

}  // namespace thane::servicegroup
