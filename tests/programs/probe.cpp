// probe: services that misbehave on request, for the tests of the launchers.
//
//   ./probe --workers 2 --probe-stop throw          then: kill -TERM <pid>
//
// What it prints is one log line per event, each beginning with "probe".
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <thane/fiber.hpp>
#include <thane/launcher.hpp>
#include <thane/log.hpp>
#include <thane/service.hpp>
#include <thane/unique_fd.hpp>

using std::chrono::milliseconds;
using thane::Config;
using thane::Opt;

namespace {

std::string option(const Config& config, const char* name) {
  return config.get<std::string>(std::string{"probe."} + name);
}

/// An option that says how one verb of the service behaves.
Opt<std::string> behaviour(std::string name) {
  return {.name = std::move(name),
          .default_value = "ok",
          .help = "What happens in it.",
          .choices = {"ok", "throw", "slow", "hang", "block", "spin", "exit", "crash", "work"},
          .change = thane::Change::at_run_time};
}

Opt<milliseconds> duration(std::string name, milliseconds default_value, std::string help) {
  return {.name = std::move(name), .default_value = default_value, .help = std::move(help)};
}

thane::OptGroup probe_options() {
  return {
      "probe",
      {behaviour("start"), behaviour("stop"), behaviour("wait"), behaviour("reset"),
       behaviour("on_usr2"),
       Opt<std::string>{.name = "only_if_file", .help = "Misbehave only while this file exists."},
       Opt<std::string>{.name = "spare_first",
                        .help = "All but the one who can create this file misbehave."},
       Opt<std::string>{.name = "value",
                        .default_value = "unset",
                        .help = "Printed by start and reset.",
                        .change = thane::Change::at_run_time},
       Opt<std::string>{.name = "fixed", .default_value = "unset", .help = "The same."},
       duration("slow", milliseconds{500}, "How long `slow` blocks the fiber."),
       duration("work", milliseconds{0}, "How long one fiber is busy from start on; 0: none."),
       duration("tick", milliseconds{0}, "A line this often; 0: none."),
       Opt<int>{.name = "services", .default_value = 1, .help = "How many.", .min = 1},
       Opt<int>{.name = "exit_status", .default_value = 7, .help = "That of `exit`."},
       Opt<std::string>{.name = "child",
                        .default_value = "none",
                        .help = "Who has a child process of its own.",
                        .choices = {"none", "parent", "worker", "worker_fork", "worker_fds"}},
       Opt<bool>{.name = "print",
                 .default_value = false,
                 .help = "Leave something in the buffer of stdout: in main(), and in stop()."},
       Opt<std::string>{.name = "launcher",
                        .default_value = "auto",
                        .help = "Which one, if not the one launch() picks.",
                        .choices = {"auto", "process"}},
       Opt<bool>{.name = "await_signal",
                 .default_value = false,
                 .help = "Call wait() only when a signal is pending."}}};
}

pid_t spawn_shell(const char* script) {
  char shell[] = "/bin/sh";
  char flag[] = "-c";
  std::string text = script;
  char* const arguments[] = {shell, flag, text.data(), nullptr};
  pid_t pid = -1;
  if (::posix_spawn(&pid, shell, nullptr, nullptr, arguments, ::environ) != 0) {
    throw std::runtime_error("cannot run /bin/sh");
  }
  return pid;
}

/// Lives as long as its process group, and holds whatever fork() gave it.
pid_t fork_idler() {
  const pid_t pid = ::fork();
  while (pid == 0) {
    ::pause();
  }
  return pid;
}

class Probe final : public thane::Service {
 public:
  Probe(const Config& config, std::string name) : config_(config), name_(std::move(name)) {
    thane::log::info("probe construct pid={} service={}", ::getpid(), name_);
    signals_.add_handler("USR2", [this] {
      thane::log::info("probe usr2 pid={}", ::getpid());
      behave("on_usr2");
    });
    for (const char* which : {"older", "newer"}) {
      signals_.add_handlers({"ALRM", "SIGWINCH"}, [which] {
        thane::log::info("probe {} handler pid={}", which, ::getpid());
      });
    }
  }

  void start() override {
    say("start");
    behave("start");
    const auto work_time = config_.get<milliseconds>("probe.work");
    if (work_time.count() > 0) {
      group().spawn([this, work_time] { work(work_time); }, "work");
    }
    const auto tick = config_.get<milliseconds>("probe.tick");
    if (tick.count() > 0) {
      group().add_timer(tick, [this] { say("tick"); });
    }
    start_child();
    const char* notify_socket = std::getenv("NOTIFY_SOCKET");
    thane::log::info("probe started pid={} service={} notify_socket={}", ::getpid(), name_,
                     notify_socket == nullptr ? "unset" : notify_socket);
  }

  void stop() override {
    say("stop");
    if (config_.get<bool>("probe.print")) std::printf("probe printed in stop\n");
    behave("stop");
    Service::stop();
  }

  void wait() override {
    say("wait");
    behave("wait");
    Service::wait();
  }

  void reset() override {
    say("reset");
    behave("reset");
  }

  [[nodiscard]] std::string name() const override { return name_; }

 private:
  void say(const char* event) const {
    thane::log::info("probe {} pid={} service={} value={} fixed={}", event, ::getpid(), name_,
                     option(config_, "value"), option(config_, "fixed"));
  }

  void behave(const char* verb) {
    const std::string how = option(config_, verb);
    const std::string file = option(config_, "only_if_file");
    if (how == "ok" || (!file.empty() && !std::filesystem::exists(file)) || is_first()) {
      return;
    }
    thane::log::info("probe {}s in {} pid={}", how, verb, ::getpid());
    if (how == "throw") throw std::runtime_error("probe was told to fail");
    if (how == "slow") thane::this_fiber::sleep_for(config_.get<milliseconds>("probe.slow"));
    if (how == "work") work(config_.get<milliseconds>("probe.slow"));
    if (how == "exit") ::_exit(config_.get<int>("probe.exit_status"));
    if (how == "crash") ::kill(::getpid(), SIGKILL);
    while (how == "hang") thane::this_fiber::sleep_for(std::chrono::hours{1});
    while (how == "block") ::pause();
    if (how == "spin") spin();
  }

  [[nodiscard]] bool is_first() const {
    const std::string file = option(config_, "spare_first");
    const auto new_and_mine = O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC;
    return !file.empty() && thane::UniqueFd{::open(file.c_str(), new_and_mine, 0600)};
  }

  [[noreturn]] static void spin() {
    volatile unsigned turns = 0;
    for (;;) {
      turns = turns + 1;
    }
  }

  void work(milliseconds time) const {
    say("work begun");
    thane::this_fiber::sleep_for(time);
    say("work done");
  }

  void start_child() {
    const std::string who = option(config_, "child");
    if (who == "worker_fork") {
      thane::log::info("probe child pid={}", fork_idler());
    } else if (who == "worker") {
      group().spawn([] { await_child(spawn_shell("exit 7")); }, "child");
    } else if (who == "worker_fds") {
      spawn_shell(
          "for fd in $(ls /proc/self/fd); do echo probe child has $fd; done; "
          "echo probe child has that");
    }
  }

  static void await_child(pid_t pid) {
    int status = 0;
    pid_t found = 0;
    while ((found = ::waitpid(pid, &status, WNOHANG)) == 0) {
      thane::this_fiber::sleep_for(milliseconds{5});
    }
    thane::log::info("probe child status={}", found == pid ? WEXITSTATUS(status) : -1);
  }

  Config config_;
  std::string name_;
  thane::SignalHandler signals_;
};

/// Returns when one of the launcher's signals is waiting to be read: it came before wait() then.
void await_pending_signal() {
  thane::log::info("probe awaits a signal pid={}", ::getpid());
  const auto any_pending = [] {
    sigset_t pending;
    ::sigpending(&pending);
    return ::sigismember(&pending, SIGTERM) == 1 || ::sigismember(&pending, SIGINT) == 1 ||
           ::sigismember(&pending, SIGHUP) == 1;
  };
  while (!any_pending()) {
    const timespec pause{0, 1'000'000};
    ::nanosleep(&pause, nullptr);
  }
}

std::unique_ptr<thane::Launcher> launch_all(const Config& config) {
  const int workers = config.get<int>("workers");
  const int services = config.get<int>("probe.services");
  const bool process = option(config, "launcher") == "process";
  if (services == 1 && !process) {
    return thane::launch(config, std::make_unique<Probe>(config, "probe"), {.workers = workers});
  }
  std::unique_ptr<thane::Launcher> launcher;
  if (workers == 1 && !process) {
    launcher = std::make_unique<thane::ServiceLauncher>(config);
  } else {
    launcher = std::make_unique<thane::ProcessLauncher>(config);
  }
  for (int i = 0; i < services; ++i) {
    const std::string name = services == 1 ? "probe" : "probe" + std::to_string(i);
    launcher->launch_service(std::make_unique<Probe>(config, name), {.workers = workers});
  }
  return launcher;
}

int run(const Config& config) {
  const pid_t child = option(config, "child") == "parent" ? spawn_shell("exit 7") : pid_t{-1};
  if (config.get<bool>("probe.print")) std::printf("probe printed in main\n");
  const auto launcher = launch_all(config);
  if (config.get<bool>("probe.await_signal")) {
    await_pending_signal();
  }
  const int exit_status = launcher->wait();
  if (child > 0) {
    int status = 0;
    const bool ours = ::waitpid(child, &status, 0) == child;
    thane::log::info("probe child status={}", ours ? WEXITSTATUS(status) : -1);
  }
  return exit_status;
}

}  // namespace

int main(int argc, char** argv) {
  const auto config = Config::from_command_line(
      argc, argv,
      {thane::launcher_options(), {"DEFAULT", {thane::workers_opt()}}, probe_options()});
  return run(config);
}
