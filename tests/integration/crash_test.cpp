// What a process says before it dies of a crash, or is ended because it hangs, and how it dies.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/child_process.hpp"
#include "support/temporary_directory.hpp"
#include "support/time_limit.hpp"

using namespace thane::testing;

namespace {

class Calamity : public ChildProcess {
 public:
  explicit Calamity(const std::string& what, int workers = 1,
                    std::vector<std::string> arguments = {})
      : ChildProcess(PROGRAMS_DIR "/calamity", all(what, workers, std::move(arguments))) {}

 private:
  static std::vector<std::string> all(const std::string& what, int workers,
                                      std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {what, std::to_string(workers)});
    return arguments;
  }
};

// AddressSanitizer handles faults itself, and then nobody else does.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool faults_are_ours = false;
#else
constexpr bool faults_are_ours = true;
#endif

struct Crash {
  std::string what;
  int signal;
  std::string line;      // After "crashed: ".
  std::string function;  // That is in the stack.
  bool fault = true;
};

TEST_CASE("a crash is logged with its fiber and its stack, and ends the process as ever") {
  const std::vector<Crash> crashes{
      {"null", SIGSEGV,
       "signal 11 (SIGSEGV) at address 0x40 fiber=calamity id=", "writes_to_nowhere"},
      {"call_null", SIGSEGV,
       "signal 11 (SIGSEGV) at address 0x0 fiber=calamity id=", "calls_nothing"},
      {"fpe", SIGFPE, "signal 8 (SIGFPE) at address 0x", "divides_by"},
      {"ill", SIGILL, "signal 4 (SIGILL) at address 0x", "traps"},
      {"abort", SIGABRT, "signal 6 (SIGABRT) fiber=calamity id=", "aborts", false},
      {"thread", SIGSEGV,
       "signal 11 (SIGSEGV) at address 0x40 thread=offload tid=", "writes_to_nowhere"}};
  for (const Crash& crash : crashes) {
    if (crash.fault && !faults_are_ours) {
      continue;
    }
    CAPTURE(crash.what);
    Calamity program{crash.what};
    program.expect_line("crashed: " + crash.line);
    program.expect_line("    at (anonymous namespace)::" + crash.function + " + 0x");
    CHECK(program.wait_exit() == Exit{.signal = crash.signal});
  }
}

TEST_CASE("an exception that nobody catches is named, with what it says") {
  Calamity fiber{"noexcept"};
  const auto rest = fiber.expect_line("crashed: signal 6 (SIGABRT) fiber=calamity id=");
  CHECK(rest.ends_with(": uncaught exception std::runtime_error: no such item"));
  fiber.expect_line("    at (anonymous namespace)::must_not_throw + 0x");
  CHECK(fiber.wait_exit() == Exit{.signal = SIGABRT});

  Calamity thread{"uncaught"};
  const auto of_thread = thread.expect_line("crashed: signal 6 (SIGABRT) thread=");
  CHECK(of_thread.ends_with(": uncaught exception std::runtime_error: no such item"));
  CHECK(thread.wait_exit() == Exit{.signal = SIGABRT});
}

TEST_CASE("a worker that crashes says so itself, its parent says that it died") {
  if (!faults_are_ours) return;
  Calamity parent{"null", 2};
  parent.expect_line("crashed: signal 11 (SIGSEGV) at address 0x40 fiber=calamity id=");
  parent.expect_line("    at (anonymous namespace)::writes_to_nowhere + 0x");
  parent.expect_line("worker 0 died: signal 11");
  parent.expect_line("worker 1 died: signal 11");
}

TEST_CASE("a fiber out of stack is named, and its recursion told in one line") {
  if (!faults_are_ours) return;
  Calamity program{"overflow"};
  program.expect_line("fiber stack overflow: fiber calamity (id ");
  program.expect_line("crashed: signal 11 (SIGSEGV) at address 0x");
  program.expect_line("    at (anonymous namespace)::digs + 0x");
  CHECK(program.expect_line("    at (anonymous namespace)::digs + 0x").ends_with(" times"));
  CHECK(program.wait_exit() == Exit{.signal = SIGSEGV});
}

TEST_CASE("a crash that cannot be handled ends the process at once") {
  if (!faults_are_ours) return;
  Calamity program{"twice"};
  CHECK(program.wait_exit() == Exit{.signal = SIGSEGV});
}

TEST_CASE("a handler that the application has installed is left alone") {
  Calamity program{"handled"};
  program.expect_line("the application's own handler");
  CHECK(program.wait_exit() == Exit{.code = 7});
}

TEST_CASE("the lines go where the log goes, in its format") {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/log";
  Calamity program{"abort", 1, {"--log_format", "json", "--log_file", path}};
  CHECK(program.wait_exit() == Exit{.signal = SIGABRT});
  std::ifstream file{path};
  bool crashed = false;
  for (std::string text; std::getline(file, text);) {
    const auto line = nlohmann::json::parse(text);
    const auto message = line["message"].get<std::string>();
    if (message.starts_with("crashed: signal 6 (SIGABRT) fiber=calamity id=")) {
      crashed = true;
      CHECK(line["level"] == "CRITICAL");
      CHECK(line["worker"] == 0);
      CHECK(message.ends_with("id=" + std::to_string(line["fiber"].get<int>())));
    }
  }
  CHECK(crashed);
}

TEST_CASE("a stack that has no names is told by module and address") {
  const TemporaryDirectory directory;
  const std::string stripped = directory.path() + "/stripped";
  ChildProcess strip{"/usr/bin/strip", {"-o", stripped, PROGRAMS_DIR "/calamity"}};
  REQUIRE(strip.wait_exit() == Exit{});
  ChildProcess program{stripped, {"abort", "1"}};
  program.expect_line("crashed: signal 6 (SIGABRT) fiber=calamity id=");
  program.expect_line("    at " + stripped + " + 0x");
  CHECK(program.wait_exit() == Exit{.signal = SIGABRT});
}

// --- SIGABRT from outside: rows 27 and 32.

TEST_CASE("a process that hangs dumps all its fibers when it is sent SIGABRT, then dies of it") {
  struct Hang {
    const char* what;
    const char* function;
  };
  for (const auto& [what, function] :
       {Hang{"spin_on", "spins"}, Hang{"block_on", "blocks"}, Hang{"locked", "spins"}}) {
    CAPTURE(what);
    Calamity program{what};
    program.expect_line("calamity begins");
    const Stopwatch since_signal;
    program.signal(SIGABRT);
    program.expect_line("hung: dump of ");
    program.expect_line("fiber ");
    program.expect_line(std::string{"    at (anonymous namespace)::"} + function + " + 0x");
    CHECK(program.wait_exit() == Exit{.signal = SIGABRT});
    CHECK(since_signal.elapsed() < with_slack(std::chrono::milliseconds{500}));
    CHECK_FALSE(program.printed("crashed:"));
    CHECK_FALSE(program.printed("malloc in a signal handler"));
  }
}

// The frames that follow the line of a fiber: is this function, of the program's own, among them?
template <class Line>
bool stack_has(Line fiber, Line end, const std::string& function) {
  const std::string wanted = "    at (anonymous namespace)::" + function + " + 0x";
  while (++fiber != end && fiber->starts_with("    at ")) {
    if (fiber->starts_with(wanted)) return true;
  }
  return false;
}

TEST_CASE("the fiber that runs comes first, others with what they wait for, no more than 200") {
  Calamity program{"spin_on"};
  program.expect_line("calamity begins");
  program.signal(SIGABRT);
  CHECK(program.wait_exit() == Exit{.signal = SIGABRT});
  const auto messages = program.messages_so_far();
  auto line = std::ranges::find(messages, "hung: dump of 303 fibers");
  REQUIRE(line != messages.end());
  CHECK((++line)->ends_with(" calamity: running"));
  CHECK(stack_has(line, messages.end(), "spins"));
  CHECK(program.count_so_far("fiber ") == 200);
  CHECK(program.printed("and 103 more fibers"));
  const auto waiter = std::ranges::find_if(
      messages, [](const auto& text) { return text.ends_with(" waiter 7: waiting: event"); });
  REQUIRE(waiter != messages.end());
#if defined(__x86_64__)
  CHECK(stack_has(waiter, messages.end(), "waits"));
#endif
}

TEST_CASE("a SIGABRT that another thread gets dumps the fibers all the same") {
  Calamity program{"offload_on"};
  program.expect_line("calamity begins");
  for (const auto& task :
       std::filesystem::directory_iterator("/proc/" + std::to_string(program.pid()) + "/task")) {
    const pid_t thread = std::stoi(task.path().filename().string());
    if (thread != program.pid()) {
      REQUIRE(::tgkill(program.pid(), thread, SIGABRT) == 0);
    }
  }
  CHECK(program.wait_exit() == Exit{.signal = SIGABRT});
  CHECK(program.printed("hung: dump of 3 fibers"));
  CHECK(program.printed("no fiber runs, but:"));
  CHECK(program.printed("    at epoll_"));
  const auto messages = program.messages_so_far();
  CHECK(std::ranges::any_of(
      messages, [](const auto& text) { return text.ends_with(" calamity: waiting: offload"); }));
}

TEST_CASE("a worker that hangs is dumped and replaced") {
  Calamity parent{"block_on", 2};
  const pid_t worker = parent.expect_pid("worker 0 ready pid=");
  parent.expect_line("calamity begins");
  parent.expect_line("calamity begins");
  REQUIRE(::kill(worker, SIGABRT) == 0);
  parent.expect_line("hung: dump of ");
  parent.expect_line("    at (anonymous namespace)::blocks + 0x");
  parent.expect_line("worker 0 died: signal 6");
  parent.expect_line("worker 0 ready pid=");
}

}  // namespace
