// motd, step 2: the messages are configured, and a periodic task chooses one.
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <thane/launcher.hpp>
#include <thane/log.hpp>
#include <thane/service.hpp>
#include <vector>

using namespace std::chrono_literals;
using Messages = std::vector<std::string>;

thane::OptGroup motd_options() {
  const thane::Opt<Messages> messages{.name = "messages",
                                      .default_value = {"carpe diem"},
                                      .help = "What to choose from.",
                                      .change = thane::Change::at_run_time};
  const thane::Opt<int> workers{
      .name = "workers", .default_value = 2, .help = "How many processes serve.", .min = 1};
  return {.name = "motd", .options = {messages, workers}};
}

class Motd final : public thane::Service {
 public:
  explicit Motd(const thane::Config& config) : config_(config) {
    chores_.add_periodic_task("choose", [this] { choose(); },
                              {.spacing = 10s, .run_immediately = true});
  }

  void start() override {
    group().add_dynamic_timer([this] { return chores_.run_periodic_tasks(); });
  }

 private:
  void choose() {
    const auto messages = config_.get<Messages>("motd.messages");
    if (!messages.empty()) {
      thane::log::info("chosen: {}", messages[next_++ % messages.size()]);
    }
  }

  thane::Config config_;
  thane::PeriodicTasks chores_;
  std::size_t next_ = 0;
};

int main(int argc, char** argv) {
  const auto config =
      thane::Config::from_command_line(argc, argv, {thane::launcher_options(), motd_options()});
  const int workers = config.get<int>("motd.workers");
  return thane::launch(config, std::make_unique<Motd>(config), {.workers = workers})->wait();
}
