// What launchers refuse, and with which words: rows SV-5 to SV-10 of the original.
#include <thane/launcher.hpp>

#include <doctest/doctest.h>
#include <signal.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include <thane/service.hpp>

#include "support/captured_log.hpp"

using thane::Config;
using thane::LaunchOptions;
using thane::ProcessLauncher;
using thane::ServiceBase;
using thane::ServiceLauncher;
using thane::testing::CapturedLog;

namespace {

class Loafer final : public thane::Service {
 public:
  [[nodiscard]] std::string name() const override { return "idle"; }
};

Config config_by_method(const std::string& restart_method = "reload") {
  const std::string option = "--restart_method=" + restart_method;
  const char* const arguments[] = {"test", option.c_str()};
  return Config::from_command_line(2, arguments, {thane::launcher_options()});
}

std::unique_ptr<ServiceBase> loafer() {
  return std::make_unique<Loafer>();
}

bool blocked(int number) {
  sigset_t mask;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return ::sigismember(&mask, number) == 1;
}

// SV-5: the original finds out at run time.
static_assert(!std::is_invocable_v<decltype(&ServiceLauncher::launch_service), ServiceLauncher&,
                                   std::unique_ptr<std::string>, const LaunchOptions&>);

TEST_CASE("a service that is not there is refused by every launcher (SV-5)") {
  const char* const words = "Service must not be null: launch_service() takes a ServiceBase";
  CHECK_THROWS_WITH_AS(ServiceLauncher{config_by_method()}.launch_service(nullptr), words,
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(ProcessLauncher{config_by_method()}.launch_service(nullptr, {.workers = 2}),
                       words, std::invalid_argument);
  CHECK_THROWS_WITH_AS((void)thane::launch(config_by_method(), nullptr), words,
                       std::invalid_argument);
}

TEST_CASE("a number of workers below one is refused by every launcher (SV-6, SV-8)") {
  for (const int workers : {0, -1, -1000}) {
    const std::string words = "Number of workers should be positive! (LaunchOptions::workers is " +
                              std::to_string(workers) + ")";
    CHECK_THROWS_WITH_AS((void)thane::launch(config_by_method(), loafer(), {.workers = workers}),
                         words.c_str(), std::invalid_argument);
    CHECK_THROWS_WITH_AS(
        ServiceLauncher{config_by_method()}.launch_service(loafer(), {.workers = workers}),
        words.c_str(), std::invalid_argument);
    CHECK_THROWS_WITH_AS(
        ProcessLauncher{config_by_method()}.launch_service(loafer(), {.workers = workers}),
        words.c_str(), std::invalid_argument);
  }
}

TEST_CASE("launch() takes this process for one worker, and forks for more (SV-6)") {
  const auto kind = [](const LaunchOptions& options) {
    const auto launcher = thane::launch(config_by_method(), loafer(), options);
    return std::pair{dynamic_cast<ServiceLauncher*>(launcher.get()) != nullptr,
                     dynamic_cast<ProcessLauncher*>(launcher.get()) != nullptr};
  };
  CHECK(kind({}) == std::pair{true, false});
  CHECK(kind({.workers = 1}) == std::pair{true, false});
  CHECK(kind({.workers = 2}) == std::pair{false, true});
}

TEST_CASE("a restart method is reload or mutate (SV-7)") {
  CHECK(thane::restart_from("reload") == thane::Restart::reload);
  CHECK(thane::restart_from("mutate") == thane::Restart::mutate);
  for (const std::string word : {"", "Reload", "restart"}) {
    CHECK_THROWS_WITH_AS((void)thane::restart_from(word),
                         ("Invalid restart_method: " + word).c_str(), std::invalid_argument);
  }
}

TEST_CASE("services are launched one after the other, and each says with how many workers (SV-8)") {
  ProcessLauncher launcher{config_by_method()};
  const CapturedLog log;
  launcher.launch_service(loafer(), {.workers = 3});
  launcher.launch_service(loafer(), {.workers = 1});
  launcher.launch_service(loafer(), {.workers = 2, .name = "other"});

  CHECK(log.count("Starting 3 workers of idle") == 1);
  CHECK(log.count("Starting 1 workers of idle-2") == 1);
  CHECK(log.count("Starting 2 workers of other") == 1);
}

TEST_CASE("one process takes any number of services, but one worker of each (SV-9)") {
  ServiceLauncher launcher{config_by_method()};
  launcher.launch_service(loafer());
  launcher.launch_service(loafer(), {.workers = 1});
  for (const int workers : {2, 100}) {
    CHECK_THROWS_WITH_AS(launcher.launch_service(loafer(), {.workers = workers}),
                         "Launcher asked to start multiple workers", std::invalid_argument);
  }
}

TEST_CASE("a process has one launcher at a time, of whatever kind (SV-10)") {
  const char* const words =
      "a process has one launcher at a time: launch all services with the one that exists";
  {
    const ServiceLauncher first{config_by_method()};
    CHECK_THROWS_WITH_AS(ServiceLauncher{config_by_method()}, words, std::logic_error);
    CHECK_THROWS_WITH_AS(ProcessLauncher{config_by_method()}, words, std::logic_error);
    CHECK_THROWS_WITH_AS((void)thane::launch(config_by_method(), loafer(), {.workers = 2}), words,
                         std::logic_error);
    CHECK(blocked(SIGTERM));  // The first one goes on as if nothing had been tried.
  }
  CHECK_NOTHROW(ProcessLauncher{config_by_method()});
  CHECK_NOTHROW(ServiceLauncher{config_by_method()});
}

// SV-7: the original has installed its handlers by then.
TEST_CASE("a launcher that was refused leaves signals and seat as they were") {
  REQUIRE_FALSE(blocked(SIGTERM));
  CHECK_THROWS_AS((void)thane::launch(config_by_method(), loafer(), {.workers = 0}),
                  std::invalid_argument);
  CHECK_THROWS_AS((void)thane::launch(config_by_method(), nullptr, {.workers = 2}),
                  std::invalid_argument);

  for (const int number : {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE}) {
    CHECK_FALSE(blocked(number));
  }
  CHECK_NOTHROW((void)thane::launch(config_by_method(), loafer(), {.workers = 2}));
}

TEST_CASE("signals are held back from the construction of a launcher to its end") {
  {
    const auto launcher = thane::launch(config_by_method(), loafer());
    for (const int number : {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2}) {
      CHECK(blocked(number));
    }
  }
  CHECK_FALSE(blocked(SIGTERM));
}

}  // namespace
