// errand: a service that runs a shell command when it starts, for the tests of what surrounds it.
//
//   ./errand --workers 2 --errand-run 'echo my home is $$HOME'
#include <spawn.h>
#include <unistd.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <thane/launcher.hpp>
#include <thane/service.hpp>

using thane::Config;
using thane::Opt;

namespace {

thane::OptGroup errand_options() {
  return {"errand", {Opt<std::string>{.name = "run", .help = "A shell command."}}};
}

class Errand final : public thane::Service {
 public:
  explicit Errand(const Config& config) : config_(config) {}

  void start() override { run(config_.get<std::string>("errand.run")); }

  [[nodiscard]] std::string name() const override { return "errand"; }

 private:
  static void run(std::string command) {
    char shell[] = "/bin/sh";
    char flag[] = "-c";
    char* const arguments[] = {shell, flag, command.data(), nullptr};
    pid_t pid = -1;
    if (::posix_spawn(&pid, shell, nullptr, nullptr, arguments, ::environ) != 0) {
      throw std::runtime_error("cannot run /bin/sh");
    }
  }

  Config config_;
};

}  // namespace

int main(int argc, char** argv) {
  const auto config = Config::from_command_line(
      argc, argv,
      {thane::launcher_options(), {"DEFAULT", {thane::workers_opt()}}, errand_options()});
  const auto launcher = thane::launch(config, std::make_unique<Errand>(config),
                                      {.workers = config.get<int>("workers")});
  return launcher->wait();
}
