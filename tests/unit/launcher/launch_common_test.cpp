// What launchers refuse and note before they wait. No signal is answered and nothing forked here.
#include "launch_common.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <thane/launch.hpp>
#include <thane/process_launcher.hpp>
#include <thane/service_launcher.hpp>

#include "support/temporary_directory.hpp"

using thane::Config;
using thane::LaunchOptions;
using thane::Restart;
using thane::ServiceBase;
using thane::internal::LauncherBase;
using thane::internal::LauncherSeat;

namespace {

class Idle final : public ServiceBase {
 public:
  void start() override {}
  void stop() override {}
  void wait() override {}
  void reset() override {}
};

std::unique_ptr<ServiceBase> idle() {
  return std::make_unique<Idle>();
}

Config config_of(const std::vector<std::string>& arguments = {}) {
  return Config::parse(arguments, {thane::launcher_options()});
}

struct Launcher {
  LauncherBase base{config_of(), Restart::reload};

  std::string name_of(const LaunchOptions& options) {
    base.add(idle(), options);
    return base.services.back().name;
  }
};

TEST_CASE("a process has one launcher at a time, and another one after it") {
  {
    const LauncherSeat first;
    CHECK_THROWS_WITH_AS(
        LauncherSeat{},
        "a process has one launcher at a time: launch all services with the one that exists",
        std::logic_error);
    CHECK_THROWS_AS(thane::ServiceLauncher{config_of()}, std::logic_error);
    CHECK_THROWS_AS(thane::ProcessLauncher{config_of()}, std::logic_error);
  }
  const LauncherSeat second;
}

TEST_CASE_FIXTURE(Launcher, "a service that is none is refused") {
  CHECK_THROWS_WITH_AS(base.add(nullptr, {}),
                       "Service must not be null: launch_service() takes a ServiceBase",
                       std::invalid_argument);
}

TEST_CASE_FIXTURE(Launcher, "fewer workers than one are refused, in oslo.service's words") {
  for (const int workers : {0, -1}) {
    const std::string text = "Number of workers should be positive! (LaunchOptions::workers is " +
                             std::to_string(workers) + ")";
    CHECK_THROWS_WITH_AS(base.add(idle(), {.workers = workers}), text.c_str(),
                         std::invalid_argument);
  }
  CHECK(base.services.empty());
}

TEST_CASE("launch() and both launchers refuse what cannot be launched") {
  const Config config = config_of();
  CHECK_THROWS_AS(static_cast<void>(thane::launch(config, idle(), {.workers = 0})),
                  std::invalid_argument);
  CHECK_THROWS_AS(static_cast<void>(thane::launch(config, nullptr, {.workers = 2})),
                  std::invalid_argument);
  thane::ServiceLauncher launcher{config};  // The seats of those above are free again.
  CHECK_THROWS_WITH_AS(launcher.launch_service(idle(), {.workers = 2}),
                       "Launcher asked to start multiple workers", std::invalid_argument);
  CHECK_THROWS_AS(launcher.launch_service(idle(), {.workers = 0}), std::invalid_argument);
  CHECK_THROWS_AS(launcher.launch_service(nullptr), std::invalid_argument);
}

TEST_CASE_FIXTURE(Launcher, "each service has a name of its own, by default that of its class") {
  CHECK(name_of({}) == "idle");
  CHECK(name_of({.name = "web"}) == "web");
  CHECK(name_of({}) == "idle-2");
  CHECK(name_of({.name = "idle"}) == "idle-3");
  CHECK(name_of({.name = "idle-2"}) == "idle-2-2");
}

TEST_CASE_FIXTURE(Launcher, "a service keeps the number of workers it was launched with") {
  base.add(idle(), {});
  base.add(idle(), {.workers = 7});
  CHECK(base.services[0].workers == 1);
  CHECK(base.services[1].workers == 7);
}

TEST_CASE_FIXTURE(Launcher, "a launcher waits once, and takes no service after that") {
  (void)base.begin_wait();
  CHECK_THROWS_WITH_AS(base.begin_wait(), "a launcher waits once", std::logic_error);
  CHECK_THROWS_WITH_AS(base.add(idle(), {}),
                       "launch_service() after wait(): launch every service first",
                       std::logic_error);
}

TEST_CASE("at debug level a launcher logs every option and where it is from, unless told not to") {
  const thane::testing::TemporaryDirectory files;
  const auto lines_of_options = [&](const std::string& name, const std::string& flag) {
    LauncherBase base{config_of({"--log-file", files.file(name), "--debug", flag}),
                      Restart::reload};
    (void)base.begin_wait();
    std::ifstream file{files.file(name)};
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return std::ranges::count_if(lines, [](const std::string& line) {
      return line.find("option worker_boot_timeout = 60 (default)") != line.npos;
    });
  };
  CHECK(lines_of_options("all", "--log-options") == 1);
  CHECK(lines_of_options("none", "--nolog-options") == 0);
}

}  // namespace
