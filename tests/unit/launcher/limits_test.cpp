#include "limits.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <thane/launch.hpp>

#include "support/temporary_directory.hpp"

using namespace std::chrono_literals;
using namespace thane::internal;
using thane::Config;
using thane::Restart;

namespace {

Config config_with(const std::vector<std::string>& arguments) {
  return Config::parse(arguments, {thane::launcher_options()});
}

TEST_CASE("what is not configured has oslo.service's defaults, and a minute to get ready") {
  const Config config = config_with({});
  CHECK(graceful_shutdown_timeout(config) == 60s);
  CHECK(limits(config).graceful_shutdown_timeout == 60s);
  CHECK(limits(config).worker_boot_timeout == 60s);
  CHECK(restart_method(config) == Restart::reload);
  CHECK(config.get<bool>("log_options"));
}

TEST_CASE("the options of a launcher reach its limits; zero is a value") {
  const Config config = config_with({"--graceful-shutdown-timeout", "0", "--worker-boot-timeout",
                                     "2m", "--restart-method", "mutate"});
  CHECK(limits(config).graceful_shutdown_timeout == 0s);
  CHECK(limits(config).worker_boot_timeout == 2min);
  CHECK(restart_method(config) == Restart::mutate);
}

TEST_CASE("limits that make no sense are errors of the configuration") {
  CHECK_THROWS_AS(config_with({"--graceful-shutdown-timeout", "-1"}), thane::config_error);
  CHECK_THROWS_AS(config_with({"--worker-boot-timeout", "soon"}), thane::config_error);
  CHECK_THROWS_AS(config_with({"--restart-method", "replace"}), thane::config_error);
}

TEST_CASE("a restart method is one of two words") {
  CHECK(thane::restart_from("reload") == Restart::reload);
  CHECK(thane::restart_from("mutate") == Restart::mutate);
  for (const char* word : {"", "Reload", "restart"}) {
    CHECK_THROWS_WITH_AS(static_cast<void>(thane::restart_from(word)),
                         (std::string{"Invalid restart_method: "} + word).c_str(),
                         std::invalid_argument);
  }
}

TEST_CASE("both times may change at run time, the restart method may not") {
  const thane::testing::TemporaryDirectory files;
  const std::string file = files.write("app.conf", "");
  Config config = config_with({"--config-file", file});
  files.write("app.conf",
              "[DEFAULT]\ngraceful_shutdown_timeout = 5\nworker_boot_timeout = 6\n"
              "restart_method = mutate\n");
  config.mutate(config.load());
  CHECK(limits(config).graceful_shutdown_timeout == 5s);
  CHECK(limits(config).worker_boot_timeout == 6s);
  CHECK(restart_method(config) == Restart::reload);
}

TEST_CASE("a number of workers is at least one, by default one for each processor") {
  const Config config = Config::parse({}, {{"web", {thane::workers_opt()}}});
  CHECK(config.get<int>("web.workers") == static_cast<int>(std::thread::hardware_concurrency()));
  CHECK_THROWS_AS(Config::parse({"--web-workers", "0"}, {{"web", {thane::workers_opt()}}}),
                  thane::config_error);
  const Config named = Config::parse({"--osapi-workers", "7"},
                                     {{"DEFAULT", {thane::workers_opt("osapi_workers", "API.")}}});
  CHECK(named.get<int>("osapi_workers") == 7);
}

}  // namespace
