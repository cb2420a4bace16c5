// Services that do what launchers have failed at: one kind of trouble a word.
//
//   hazard TROUBLE WORKERS [options of the launcher]
//
//   quiet     does nothing, well
//   crash     dies 50 ms after it got ready
//   helper    logs how a program looks that a worker runs: its signals and its environment
//   orphans   leaves twenty programs behind that end with status 3, nobody's children
//   thread    starts a thread in the constructor, which the rules of fork forbid
//   chatter   logs a line every millisecond
//   stubborn  logs like chatter and does not stop when told to
//   jitter    logs how long a loop with random pauses slept; the loop is made in the constructor
//   http      serves HTTP on port web.port: /pid; /slow?seconds=1; /big, 8 MiB; /trickle, twenty
//             pieces within two seconds; /endless, which has no end; /spin?seconds=1, which lets
//             nobody else run; /ready, which answers 503 when the server is about to stop
//   hoard     a thread takes every descriptor that becomes free
//   gate      gets ready when the file named by HAZARD_GATE exists
//   broken    cannot start
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <thane/back_off_looping_call.hpp>
#include <thane/launcher.hpp>
#include <thane/log.hpp>
#include <thane/offload.hpp>
#include <thane/service.hpp>
#include <thane/wsgi.hpp>

namespace wsgi = thane::wsgi;

namespace {

using namespace std::chrono_literals;

class Quiet : public thane::Service {
 public:
  [[nodiscard]] std::string name() const override { return "hazard"; }
};

class Crash final : public Quiet {
  void start() override {
    group().spawn([] {
      thane::this_fiber::sleep_for(50ms);
      std::_Exit(1);
    });
  }
};

/// Logs each line that a shell command prints, after `prefix`.
void log_output_of(const char* command, const char* prefix) {
  std::FILE* const output = ::popen(command, "r");
  if (output == nullptr) {
    throw std::runtime_error("popen failed");
  }
  char line[4096];
  while (std::fgets(line, sizeof line, output) != nullptr) {
    std::string text = line;
    text.pop_back();
    thane::log::info("{} {}", prefix, text);
  }
  ::pclose(output);
}

class Helper final : public Quiet {
  void start() override {
    for (const char* name : {"NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "WATCHDOG_USEC",
                             "WATCHDOG_PID", "HAZARD_KEPT"}) {
      const char* const value = std::getenv(name);
      thane::log::info("worker sees {}={}", name, value == nullptr ? "" : value);
    }
    log_output_of("exec grep -E '^Sig(Blk|Ign)' /proc/self/status", "helper has");
    log_output_of("exec env", "helper sees");
    thane::log::info("helper done");
  }
};

class Orphans final : public Quiet {
  void start() override {
    for (int i = 0; i < 20; ++i) {
      // The shell ends at once, and what it started in the background has lost its parent.
      if (std::system("(sleep 0.3; exit 3) &") != 0) {
        throw std::runtime_error("no shell");
      }
    }
  }
};

class Threaded final : public Quiet {
  std::atomic<bool> ended_{false};
  std::thread thread_{[this] {
    while (!ended_) {
      thane::log::debug("a thread before fork");
      std::this_thread::sleep_for(1ms);
    }
  }};

 public:
  ~Threaded() override {
    ended_ = true;
    thread_.join();
  }
};

class Chatter : public Quiet {
 public:
  explicit Chatter(std::chrono::milliseconds linger) : linger_(linger) {}

 private:
  void start() override {
    group().spawn([this] {
      auto left = linger_;
      while (!stopping_ || (left -= 1ms) > 0ms) {
        thane::log::info("chatter {:0100}", ++lines_);
        thane::this_fiber::sleep_for(1ms);
      }
    });
  }
  void stop() override {
    stopping_ = true;
    Quiet::stop();
  }

  std::chrono::milliseconds linger_;
  bool stopping_ = false;
  long lines_ = 0;
};

class Jitter final : public Quiet {
  using Clock = std::chrono::steady_clock;

  void start() override {
    last_ = Clock::now();
    loop_.start({.starting_interval = 100ms});
  }
  void stop() override {
    loop_.stop();
    Quiet::stop();
  }

  thane::BackOffLoopingCall loop_{[this] {
    const auto now = Clock::now();
    pauses_ += fmt::format(" {}", std::chrono::duration<double, std::milli>(now - last_).count());
    last_ = now;
    if (++calls_ == 12) {
      thane::log::info("pauses in ms: {}", pauses_);
      throw thane::LoopingCallDone();
    }
    return true;
  }};
  Clock::time_point last_;
  std::string pauses_;
  int calls_ = 0;
};

wsgi::Response trickle() {
  return wsgi::Response::stream(
      [piece = 0]() mutable -> std::optional<std::string> {
        if (piece == 20) return std::nullopt;
        thane::this_fiber::sleep_for(100ms);
        return fmt::format("piece {}\n", ++piece);
      },
      "text/plain");
}

wsgi::Response endless() {
  return wsgi::Response::stream(
      []() -> std::optional<std::string> { return std::string(64 * 1024, 'e'); }, "text/plain");
}

void spin(std::chrono::seconds wanted) {
  thane::log::info("spinning");
  const auto end = std::chrono::steady_clock::now() + wanted;
  while (std::chrono::steady_clock::now() < end) {
  }
}

wsgi::Response answer(wsgi::Request& request) {
  if (request.path() == "/big") return wsgi::Response::text(std::string(8 * 1024 * 1024, 'b'));
  if (request.path() == "/trickle") return trickle();
  if (request.path() == "/endless") return endless();
  if (request.path() == "/ready" && request.draining()) return wsgi::Response{503};
  const std::chrono::seconds wanted{std::stoi(request.query_parameter("seconds").value_or("1"))};
  if (request.path() == "/slow") {
    thane::log::info("slow request begun");
    thane::this_fiber::sleep_for(wanted);
  }
  if (request.path() == "/spin") spin(wanted);
  return wsgi::Response::text(std::to_string(::getpid()));
}

class Hoard final : public Quiet {
  void start() override {
    group().spawn([this] {
      thane::offload([this] {
        while (!stopping_) {
          if (::open("/dev/null", O_RDONLY | O_CLOEXEC) < 0 && !std::exchange(told_, true)) {
            thane::log::info("no descriptor is left");
          }
        }
      });
    });
  }
  void stop() override {
    stopping_ = true;
    Quiet::stop();
  }

  std::atomic<bool> stopping_{false};
  bool told_ = false;
};

class Gate final : public Quiet {
  void start() override {
    const char* const file = std::getenv("HAZARD_GATE");
    while (file != nullptr && !std::filesystem::exists(file)) {
      thane::this_fiber::sleep_for(5ms);
    }
  }
};

class Broken final : public Quiet {
  void start() override { throw std::runtime_error("broken on purpose"); }
};

std::unique_ptr<thane::ServiceBase> make(const std::string& trouble, const thane::Config& config) {
  if (trouble == "quiet") return std::make_unique<Quiet>();
  if (trouble == "crash") return std::make_unique<Crash>();
  if (trouble == "helper") return std::make_unique<Helper>();
  if (trouble == "orphans") return std::make_unique<Orphans>();
  if (trouble == "thread") return std::make_unique<Threaded>();
  if (trouble == "chatter") return std::make_unique<Chatter>(0ms);
  if (trouble == "stubborn") return std::make_unique<Chatter>(24h);
  if (trouble == "jitter") return std::make_unique<Jitter>();
  if (trouble == "http") return std::make_unique<wsgi::Server>(config, "web", answer);
  if (trouble == "hoard") return std::make_unique<Hoard>();
  if (trouble == "gate") return std::make_unique<Gate>();
  if (trouble == "broken") return std::make_unique<Broken>();
  throw std::invalid_argument("no such trouble: " + trouble);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: hazard TROUBLE WORKERS [options]\n");
    return 2;
  }
  const std::string trouble = argv[1];
  const int workers = std::atoi(argv[2]);
  argv[2] = argv[0];
  const auto config = thane::Config::from_command_line(
      argc - 2, argv + 2, {thane::launcher_options(), wsgi::options("web")});
  auto launcher = thane::launch(config, make(trouble, config), {.workers = workers});
  return launcher->wait();
}
