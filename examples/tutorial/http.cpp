// motd, step 3: the message is served over HTTP, and a reload changes it.
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <thane/launcher.hpp>
#include <thane/log.hpp>
#include <thane/service.hpp>
#include <thane/wsgi.hpp>
#include <vector>

namespace wsgi = thane::wsgi;
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

class Motd final : public wsgi::Server {
 public:
  explicit Motd(const thane::Config& config)
      : Server(config, "web", [this](wsgi::Request& request) { return answer(request); }),
        config_(config) {
    chores_.add_periodic_task("choose", [this] { choose(); },
                              {.spacing = 10s, .run_immediately = true});
  }

  void start() override {
    group().add_dynamic_timer([this] { return chores_.run_periodic_tasks(); });
    Server::start();
  }

  void reset() override {
    Server::reset();
    choose();
  }

 private:
  wsgi::Response answer(const wsgi::Request& request) const {
    if (request.path() != "/") return wsgi::Response{404};
    return wsgi::Response::text(message_ + "\n");
  }

  void choose() {
    const auto messages = config_.get<Messages>("motd.messages");
    if (!messages.empty()) {
      message_ = messages[next_++ % messages.size()];
      thane::log::info("chosen: {}", message_);
    }
  }

  thane::Config config_;
  thane::PeriodicTasks chores_;
  std::size_t next_ = 0;
  std::string message_;
};

int main(int argc, char** argv) {
  const auto config = thane::Config::from_command_line(
      argc, argv, {thane::launcher_options(), wsgi::options("web"), motd_options()});
  const int workers = config.get<int>("motd.workers");
  return thane::launch(config, std::make_unique<Motd>(config), {.workers = workers})->wait();
}
