// errand: a service that listens and runs a shell command, for the tests of what surrounds it.
//
//   ./errand --workers 2 --errand-run 'echo my home is $$HOME'
#include <spawn.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <thane/launcher.hpp>
#include <thane/listener.hpp>
#include <thane/log.hpp>
#include <thane/service.hpp>

using namespace std::chrono_literals;
using thane::Config;
using thane::Opt;

namespace {

thane::OptGroup errand_options() {
  return {"errand",
          {Opt<std::string>{.name = "run", .help = "A shell command."},
           Opt<std::string>{.name = "print", .help = "On standard output, at the start."},
           Opt<std::string>{.name = "complain", .help = "On standard error, at the start."},
           Opt<std::string>{.name = "mutter", .help = "The same, without an end of the line."},
           Opt<int>{.name = "times", .default_value = 1, .help = "How often to print."},
           Opt<bool>{.name = "abort", .default_value = false, .help = "After that."},
           Opt<int>{.name = "port", .help = "To listen on; 0: not at all."},
           Opt<std::string>{.name = "unix_socket", .help = "To listen on; empty: not at all."},
           Opt<std::vector<std::string>>{.name = "inherited", .help = "Names of sockets."},
           Opt<bool>{.name = "thread",
                     .default_value = false,
                     .help = "Start a thread in the constructor, which services must not."}}};
}

class Errand final : public thane::Service {
 public:
  explicit Errand(const Config& config) : config_(config) {
    if (const int port = config.get<int>("errand.port"); port != 0) {
      listen(thane::Listener::tcp("127.0.0.1", static_cast<std::uint16_t>(port),
                                  {.bind_timeout = 30s}));
    }
    if (const auto path = config.get<std::string>("errand.unix_socket"); !path.empty()) {
      listen(thane::Listener::unix_socket(path, {.bind_timeout = 30s}));
    }
    for (const auto& name : config.get<std::vector<std::string>>("errand.inherited")) {
      listen(thane::Listener::inherited(name));
    }
    if (config.get<bool>("errand.thread")) {
      std::thread{[] { ::pause(); }}.detach();
    }
  }

  void start() override {
    for (int i = 0; i < config_.get<int>("errand.times"); ++i) write("print", "\n", stdout);
    write("complain", "\n", stderr);
    write("mutter", "", stderr);
    if (config_.get<bool>("errand.abort")) std::abort();
    run(config_.get<std::string>("errand.run"));
  }

  [[nodiscard]] std::string name() const override { return "errand"; }

 private:
  void write(const std::string& option, const char* end, std::FILE* stream) const {
    const auto text = config_.get<std::string>("errand." + option);
    if (!text.empty()) std::fputs((text + end).c_str(), stream);
  }

  static void run(std::string command) {
    char shell[] = "/bin/sh";
    char flag[] = "-c";
    char* const arguments[] = {shell, flag, command.data(), nullptr};
    pid_t pid = -1;
    if (::posix_spawn(&pid, shell, nullptr, nullptr, arguments, ::environ) != 0) {
      throw std::runtime_error("cannot run /bin/sh");
    }
  }

  void listen(thane::Listener listener) {
    thane::log::info("errand listens on {}", listener.address());
    listeners_.push_back(std::move(listener));
  }

  Config config_;
  std::vector<thane::Listener> listeners_;
};

}  // namespace

int main(int argc, char** argv) {
  const auto config = Config::from_command_line(
      argc, argv,
      {thane::launcher_options(), {"DEFAULT", {thane::workers_opt()}}, errand_options()});
  const int workers = config.get<int>("workers");
  std::unique_ptr<thane::Launcher> launcher;
  if (workers == 1) {
    launcher = std::make_unique<thane::ServiceLauncher>(config);
  } else {
    launcher = std::make_unique<thane::ProcessLauncher>(config);
  }
  // Constructed after the launcher, which holds signals back by now.
  launcher->launch_service(std::make_unique<Errand>(config), {.workers = workers});
  return launcher->wait();
}
