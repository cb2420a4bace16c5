// motd, step 1: two workers that log the message of the day once a second.
#include <chrono>
#include <memory>
#include <thane/launcher.hpp>
#include <thane/log.hpp>
#include <thane/service.hpp>

using namespace std::chrono_literals;

class Motd final : public thane::Service {
  void start() override {
    group().add_timer(1s, [] { thane::log::info("carpe diem"); });
  }
};

int main(int argc, char** argv) {
  const auto config = thane::Config::from_command_line(argc, argv, {thane::launcher_options()});
  return thane::launch(config, std::make_unique<Motd>(), {.workers = 2})->wait();
}
