#include <thane/config.hpp>

#include <doctest/doctest.h>

#include <chrono>

namespace {

using namespace std::chrono_literals;
using thane::Config;
using thane::Opt;
using thane::OptGroup;

OptGroup web() {
  return {"web",
          {Opt<int>{.name = "workers", .default_value = 2, .help = "how many", .min = 1, .max = 64},
           Opt<std::string>{.name = "host", .default_value = "localhost"}}};
}

TEST_CASE("an option that no source mentions has its default") {
  const Config config = Config::parse({}, {web()});
  CHECK(config.get<int>("web.workers") == 2);
  CHECK(config.get<std::string>("web.host") == "localhost");
}

TEST_CASE("the command line is stronger than the environment") {
  const auto config =
      Config::parse({"--web-workers", "5"}, {web()}, {"THANE_WEB__WORKERS=7", "THANE_WEB__HOST=a"});
  CHECK(config.get<int>("web.workers") == 5);
  CHECK(config.get<std::string>("web.host") == "a");
}

}  // namespace
