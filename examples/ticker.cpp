// ticker: logs one line a second in each of its workers; the program to try signals on.
//
//   ./ticker --workers 2                             as many as CPUs if not told
//   ./ticker --workers 1 --restart_method mutate     one process, no fork
#include <chrono>
#include <thane/launcher.hpp>
#include <thane/log.hpp>
#include <thane/service.hpp>

using namespace std::chrono_literals;

class Ticker final : public thane::Service {
  void start() override {
    group().add_timer(1s, [] { thane::log::info("tick"); });
  }
};

int main(int argc, char** argv) {
  const auto config = thane::Config::from_command_line(
      argc, argv,
      {thane::launcher_options(), {.name = "DEFAULT", .options = {thane::workers_opt()}}});
  const int workers = config.get<int>("workers");
  return thane::launch(config, std::make_unique<Ticker>(), {.workers = workers})->wait();
}
