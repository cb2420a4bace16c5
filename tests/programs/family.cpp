// family: up to five services whose names, ways and misfortunes its configuration tells.
//
//   ./family --config-file FILE          FILE: [DEFAULT] services = a, b; [a] workers = 2 ...
//
// A service logs a line for each of its verbs that begins with its name, each hook one that begins
// with "hook". What goes wrong in it is `trouble`, where is `at`; SIGUSR2 is one of the places.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <thane/fiber.hpp>
#include <thane/launcher.hpp>
#include <thane/log.hpp>
#include <thane/offload.hpp>
#include <thane/service.hpp>
#include <thane/unique_fd.hpp>
#include <thane/wsgi.hpp>

namespace wsgi = thane::wsgi;
using std::chrono::milliseconds;
using thane::Config;
using thane::Opt;

namespace {

thane::WorkerInfo me;  // As the hook post_fork was told.

const std::vector<std::string> troubles{"none", "exit", "throw", "kill",  "abort",
                                        "segv", "hang", "block", "pause", "spin"};

Opt<milliseconds> duration(const char* name, const char* help) {
  return {.name = name, .help = help, .change = thane::Change::at_run_time};
}

thane::OptGroup member_options(const std::string& name) {
  return {
      name,
      {Opt<int>{.name = "workers",
                .default_value = 1,
                .help = "How many; any number.",
                .change = thane::Change::at_run_time},
       Opt<std::vector<std::string>>{.name = "after", .help = "LaunchOptions::after."},
       Opt<std::string>{.name = "restart",
                        .default_value = "permanent",
                        .choices = {"permanent", "transient", "temporary"}},
       Opt<std::string>{.name = "strategy",
                        .default_value = "one_for_one",
                        .choices = {"one_for_one", "one_for_all", "rest_for_one"}},
       Opt<int>{.name = "max_restarts", .default_value = 0, .help = "0: any."},
       Opt<std::chrono::seconds>{.name = "period", .default_value = std::chrono::seconds{5}},
       Opt<std::string>{
           .name = "give_up", .default_value = "escalate", .choices = {"escalate", "degrade"}},
       Opt<std::string>{.name = "trouble",
                        .default_value = "none",
                        .help = "What goes wrong.",
                        .choices = troubles,
                        .change = thane::Change::at_run_time},
       Opt<std::string>{.name = "at",
                        .default_value = "run",
                        .help = "Where.",
                        .choices = {"start", "reset", "run", "stop", "usr2"},
                        .change = thane::Change::at_run_time},
       Opt<int>{.name = "only_worker", .default_value = -1, .help = "With whom; -1: all."},
       Opt<std::string>{.name = "only_if_file", .help = "Only while this file exists."},
       Opt<int>{.name = "status", .default_value = 1, .help = "Of trouble exit."},
       duration("delay", "How long it runs before the trouble."),
       duration("start_time", "How long start() takes."),
       duration("stop_time", "How long it takes to stop."),
       Opt<int>{.name = "port", .default_value = 0, .help = "Serves HTTP there; 0: does not."}}};
}

thane::OptGroup family_options() {
  return {"DEFAULT",
          {Opt<std::vector<std::string>>{.name = "services",
                                         .default_value = {"a"},
                                         .help = "Which of a, b, c, d and e there are."},
           Opt<std::string>{
               .name = "launcher", .default_value = "process", .choices = {"process", "service"}},
           Opt<std::string>{.name = "bad_hook", .help = "The hook that throws."}}};
}

void log_environment() {
  const char* const value = std::getenv("FAMILY_VARIABLE");
  thane::log::info("environment FAMILY_VARIABLE={}", value == nullptr ? "unset" : value);
}

/// Waits in the kernel, thrice for so long; how many of these waits ended too early.
int wait_in_kernel(int ms) {
  int failures = ::poll(nullptr, 0, ms) == 0 ? 0 : 1;
  const timespec pause{0, ms * 1'000'000L};
  failures += ::nanosleep(&pause, nullptr) == 0 ? 0 : 1;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return failures + 1;
  const thane::UniqueFd reader{ends[0]};
  const thane::UniqueFd writer{ends[1]};
  pollfd readable{.fd = reader.get(), .events = POLLIN, .revents = 0};
  failures += ::poll(&readable, 1, ms) == 0 ? 0 : 1;
  return failures;
}

/// What it serves: GET /pid, /slow?ms=100, /grow?mib=10, /kernel?ms=100.
wsgi::Response answer(wsgi::Request& request) {
  static std::vector<std::string> kept;
  const int ms = std::stoi(request.query_parameter("ms").value_or("100"));
  if (request.path() == "/slow") {
    thane::log::info("slow request begun");
    thane::this_fiber::sleep_for(milliseconds{ms});
  }
  if (request.path() == "/kernel") {
    thane::log::info("request waits in the kernel");
    return wsgi::Response::text(
        std::to_string(thane::offload([ms] { return wait_in_kernel(ms); })));
  }
  if (request.path() == "/grow") {
    const auto mib = std::stoul(request.query_parameter("mib").value_or("1"));
    kept.emplace_back(mib * 1024 * 1024, 'x');
  }
  return wsgi::Response::text(std::to_string(::getpid()));
}

class Member final : public thane::Service {
 public:
  Member(const Config& config, std::string name) : config_(config), name_(std::move(name)) {
    if (const int port = get<int>("port"); port != 0) {
      http_ = std::make_unique<wsgi::Server>(
          name_, answer, wsgi::ServerOptions{.port = port, .wsgi_access_log = false});
    }
    signals_.add_handler("USR2", [this] { trouble("usr2"); });
  }

  void start() override {
    say("start");
    thane::this_fiber::sleep_for(get<milliseconds>("start_time"));
    trouble("start");
    const auto delay = get<milliseconds>("delay");
    if (get<std::string>("at") == "run" && get<std::string>("trouble") != "none") {
      group().add_timer(
          std::chrono::hours{1}, [this] { trouble("run"); }, delay);
    }
    if (http_) http_->start();
    log_environment();
    say("started");
  }

  void stop() override {
    say("stop");
    trouble("stop");
    if (http_) http_->stop();
    Service::stop();
  }

  void wait() override {
    thane::this_fiber::sleep_for(get<milliseconds>("stop_time"));
    if (http_) http_->wait();
    Service::wait();
    say("stopped");
  }

  void reset() override {
    say("reset");
    trouble("reset");
  }

  [[nodiscard]] std::string name() const override { return name_; }

 private:
  template <class T>
  [[nodiscard]] T get(const char* option) const {
    return config_.get<T>(name_ + "." + option);
  }

  void say(const char* verb) const { thane::log::info("{} {} pid={}", name_, verb, ::getpid()); }

  void trouble(const std::string& here) {
    const auto what = get<std::string>("trouble");
    const int only = get<int>("only_worker");
    const auto file = get<std::string>("only_if_file");
    if (what == "none" || get<std::string>("at") != here || (only >= 0 && only != me.index) ||
        (!file.empty() && !std::filesystem::exists(file))) {
      return;
    }
    thane::log::info("{} trouble {} pid={}", name_, what, ::getpid());
    if (what == "exit") ::_exit(get<int>("status"));
    if (what == "throw") throw std::runtime_error("trouble in " + here);
    if (what == "kill") ::kill(::getpid(), SIGKILL);
    if (what == "abort") std::abort();
    if (what == "segv") ::raise(SIGSEGV);
    if (what == "hang") thane::this_fiber::sleep_for(std::chrono::hours{1});
    if (what == "block") ::sleep(3600);
    if (what == "pause") ::raise(SIGSTOP);
    volatile unsigned turns = 0;
    while (what == "spin") {
      turns = turns + 1;
    }
  }

  Config config_;
  std::string name_;
  std::unique_ptr<wsgi::Server> http_;
  thane::SignalHandler signals_;
};

thane::RestartPolicy restart_of(const std::string& word) {
  if (word == "transient") return thane::RestartPolicy::transient;
  return word == "temporary" ? thane::RestartPolicy::temporary : thane::RestartPolicy::permanent;
}

thane::RestartStrategy strategy_of(const std::string& word) {
  if (word == "one_for_all") return thane::RestartStrategy::one_for_all;
  return word == "rest_for_one" ? thane::RestartStrategy::rest_for_one
                                : thane::RestartStrategy::one_for_one;
}

thane::LaunchOptions launch_options(const Config& config, const std::string& name) {
  const auto word = [&](const char* option) {
    return config.get<std::string>(name + "." + option);
  };
  return {
      .name = name,
      .workers_option = name + ".workers",
      .after = config.get<std::vector<std::string>>(name + ".after"),
      .restart = restart_of(word("restart")),
      .strategy = strategy_of(word("strategy")),
      .max_restarts = config.get<int>(name + ".max_restarts"),
      .period = config.get<std::chrono::seconds>(name + ".period"),
      .give_up = word("give_up") == "degrade" ? thane::GiveUp::degrade : thane::GiveUp::escalate};
}

void called(const Config& config, const std::string& hook, const std::string& words = "") {
  thane::log::info("hook {} pid={}{}", hook, ::getpid(), words);
  if (config.get<std::string>("bad_hook") == hook) {
    throw std::runtime_error(hook + " was told to throw");
  }
}

thane::Hooks hooks(const Config& config) {
  const auto of = [](const thane::WorkerInfo& worker) {
    return " worker=" + worker.service + "/" + std::to_string(worker.index) +
           " worker_pid=" + std::to_string(worker.pid) +
           " generation=" + std::to_string(worker.generation);
  };
  return {
      .on_starting = [=] { called(config, "on_starting"); },
      .post_fork =
          [=](const thane::WorkerInfo& worker) {
            me = worker;
            called(config, "post_fork", of(worker));
          },
      .worker_ready =
          [=](const thane::WorkerInfo& worker) { called(config, "worker_ready", of(worker)); },
      .worker_exited =
          [=](const thane::WorkerInfo& worker, const thane::WorkerExit& how) {
            called(config, "worker_exited",
                   of(worker) + " status=" + std::to_string(how.status) +
                       " signal=" + std::to_string(how.signal) +
                       (how.planned ? " planned" : " unplanned") + " reason=" + how.reason);
          },
      .on_reload =
          [=](unsigned generation) {
            called(config, "on_reload", " generation=" + std::to_string(generation));
          },
      .on_stopping = [=] { called(config, "on_stopping"); },
      .on_stopped =
          [=](int status) { called(config, "on_stopped", " status=" + std::to_string(status)); }};
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<thane::OptGroup> options{thane::launcher_options(), family_options()};
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    options.push_back(member_options(name));
  }
  const auto config = Config::from_command_line(argc, argv, options);
  std::unique_ptr<thane::Launcher> launcher;
  if (config.get<std::string>("launcher") == "process") {
    launcher = std::make_unique<thane::ProcessLauncher>(config);
  } else {
    launcher = std::make_unique<thane::ServiceLauncher>(config);
  }
  for (const auto& name : config.get<std::vector<std::string>>("services")) {
    launcher->launch_service(std::make_unique<Member>(config, name), launch_options(config, name));
  }
  launcher->set_hooks(hooks(config));
  return launcher->wait();
}
