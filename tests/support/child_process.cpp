#include "child_process.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/process/v2/posix/default_launcher.hpp>
#include <boost/process/v2/process.hpp>

#include <algorithm>
#include <exception>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <thane/check.hpp>

#include "failures.hpp"
#include "output.hpp"

namespace thane::testing {
namespace {

namespace process = boost::process::v2;
using std::chrono::steady_clock;

constexpr unsigned close_range_cloexec = 1U << 2U;  // CLOSE_RANGE_CLOEXEC of linux/close_range.h.

/// What happens in the child between fork and exec. Boost 1.81's own posix::bind_fd cannot be used:
/// its on_setup() ends without a return.
class ChildSetup {
 public:
  ChildSetup(const ChildOptions& options, int input, int output)
      : options_(options), input_(input), output_(output) {}

  process::error_code on_setup(process::posix::default_launcher& launcher,
                               const process::filesystem::path&, const char* const*) const {
    for (const auto& fd : options_.fds) {
      launcher.fd_whitelist.push_back(fd.target);
    }
    return {};
  }

  /// Boost would go on to exit(), and end in the child what the test's own objects have begun. What
  /// it passes is not what it asks whether it can pass.
  template <class... Arguments>
  static void on_exec_error(const Arguments&... /*what*/) {
    ::_exit(EXIT_FAILURE);
  }

  process::error_code on_exec_setup(process::posix::default_launcher&,
                                    const process::filesystem::path&, const char* const*) const {
    const bool done = own_group() && place_fds() && limit_resources() && change_directory();
    set_signals();
    return done ? process::error_code{}
                : process::error_code{errno, boost::system::system_category()};
  }

 private:
  bool own_group() const {
    if (options_.terminal == Terminal::none) {
      return ::setpgid(0, 0) == 0;
    }
    return ::setsid() != -1 && ::ioctl(input_, TIOCSCTTY, 0) == 0;
  }

  bool place_fds() const {
    // Boost 1.81 overlooks descriptors below its own pipe when it closes what is not to be
    // inherited.
    ::syscall(SYS_close_range, 3U, ~0U, close_range_cloexec);
    bool done = ::dup2(input_, 0) != -1 && ::dup2(output_, 1) != -1 && ::dup2(output_, 2) != -1;
    // Out of the way first: the target of one may be the source of another.
    std::vector<int> sources;
    for (const auto& fd : options_.fds) {
      sources.push_back(::fcntl(fd.source, F_DUPFD_CLOEXEC, 500));
    }
    for (std::size_t i = 0; i < sources.size(); ++i) {
      done = done && ::dup2(sources[i], options_.fds[i].target) != -1;
    }
    return done;
  }

  bool limit_resources() const {
    return std::all_of(options_.limits.begin(), options_.limits.end(), [](const auto& limit) {
      const rlimit value{limit.value, limit.value};
      return ::setrlimit(static_cast<__rlimit_resource>(limit.resource), &value) == 0;
    });
  }

  bool change_directory() const {
    return options_.directory.empty() || ::chdir(options_.directory.c_str()) == 0;
  }

  void set_signals() const {
    for (int number = 1; number < NSIG; ++number) {
      ::signal(number, SIG_DFL);
    }
    for (const int number : options_.ignored_signals) {
      ::signal(number, SIG_IGN);
    }
    sigset_t blocked;
    ::sigemptyset(&blocked);
    for (const int number : options_.blocked_signals) {
      ::sigaddset(&blocked, number);
    }
    ::sigprocmask(SIG_SETMASK, &blocked, nullptr);
  }

  const ChildOptions& options_;
  int input_;
  int output_;
};

/// Our environment with the changes, without what this machine's service manager told us and what
/// is said to the tests.
std::vector<std::string> environment_with(const std::vector<std::string>& changes) {
  std::vector<std::string> wanted{"NOTIFY_SOCKET",       "JOURNAL_STREAM",    "LISTEN_FDS",
                                  "THANE_TEST_PATIENCE", "THANE_TEST_REPEAT", "THANE_TEST_SLACK"};
  wanted.insert(wanted.end(), changes.begin(), changes.end());
  std::vector<std::string> environment;
  for (char** entry = ::environ; *entry != nullptr; ++entry) {
    environment.emplace_back(*entry);
  }
  for (const auto& change : wanted) {
    const std::string start = change.substr(0, change.find('=')) + "=";
    std::erase_if(environment, [&](const auto& entry) { return entry.starts_with(start); });
    if (change.find('=') != std::string::npos) {
      environment.push_back(change);
    }
  }
  return environment;
}

struct Pipe {
  UniqueFd reader;
  UniqueFd writer;
};

Pipe make_pipe(std::size_t size) {
  int ends[2];
  check(::pipe2(ends, O_CLOEXEC), "pipe2");
  Pipe pipe{UniqueFd{ends[0]}, UniqueFd{ends[1]}};
  check(::fcntl(ends[1], F_SETPIPE_SZ, static_cast<int>(size)), "fcntl(F_SETPIPE_SZ)");
  return pipe;
}

/// A terminal: what we type into, and what the program has.
struct TerminalPair {
  UniqueFd ours;
  UniqueFd theirs;
};

TerminalPair open_terminal() {
  TerminalPair pair;
  pair.ours.reset(check(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), "posix_openpt"));
  check(::grantpt(pair.ours.get()), "grantpt");
  check(::unlockpt(pair.ours.get()), "unlockpt");
  char name[128];
  check(::ptsname_r(pair.ours.get(), name, sizeof name) == 0 ? 0 : -1, "ptsname_r");
  pair.theirs.reset(check(::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC), "open(pts)"));
  return pair;
}

}  // namespace

struct ChildProcess::Program {
  std::string name;
  boost::asio::io_context context;  // Boost.Process wants one; nothing runs on it.
  std::optional<process::process> handle;
  pid_t pid = -1;
  UniqueFd pidfd;
  UniqueFd terminal;
  Output output{UniqueFd{}};
  std::optional<Exit> exit;
  std::size_t failures_before = failures_so_far();
  bool shown = false;  // Its output, because a wait failed: not again in the destructor.

  void reap() {
    if (!exit && !handle->running()) {
      const int status = handle->native_exit_code();
      exit = WIFSIGNALED(status) ? Exit{0, WTERMSIG(status)} : Exit{WEXITSTATUS(status), 0};
    }
  }

  [[noreturn]] void fail(const std::string& why) {
    output.read_available();
    shown = true;
    FAIL(why << " in the output of " << name << " (pid " << pid << "):\n" << output.transcript());
    throw std::logic_error("FAIL returned");
  }
};

ChildProcess::ChildProcess(std::string program, std::vector<std::string> arguments,
                           const ChildOptions& options)
    : program_(std::make_unique<Program>()) {
  program_->name = program;
  Pipe pipe = make_pipe(options.pipe_size);
  UniqueFd input;
  if (options.terminal == Terminal::controlling) {
    TerminalPair pair = open_terminal();
    program_->terminal = std::move(pair.ours);
    input = std::move(pair.theirs);
  } else {
    input.reset(check(::open("/dev/null", O_RDONLY | O_CLOEXEC), "open(/dev/null)"));
  }

  const auto environment = environment_with(options.environment);
  std::vector<const char*> entries;
  for (const auto& entry : environment) {
    entries.push_back(entry.c_str());
  }
  entries.push_back(nullptr);

  process::posix::default_launcher launcher;
  launcher.env = entries.data();
  process::error_code error;
  program_->handle.emplace(launcher(program_->context.get_executor(), error, program, arguments,
                                    ChildSetup{options, input.get(), pipe.writer.get()}));
  if (error) {
    throw std::system_error(error.value(), std::generic_category(), "cannot run " + program);
  }
  program_->pid = program_->handle->id();
  program_->pidfd.reset(
      static_cast<int>(check(::syscall(SYS_pidfd_open, program_->pid, 0), "pidfd_open")));
  program_->output = Output{std::move(pipe.reader)};
}

ChildProcess::~ChildProcess() {
  if (!program_ || program_->pid <= 0) {
    return;
  }
  const bool failed =
      failures_so_far() > program_->failures_before || std::uncaught_exceptions() > 0;
  if (failed && !program_->shown) {
    program_->output.read_available();
    MESSAGE("output of " << program_->name << " (pid " << program_->pid << "):\n"
                         << program_->output.transcript());
  }
  ::kill(-program_->pid, SIGKILL);
  // The handle's destructor reaps it.
}

pid_t ChildProcess::pid() const noexcept {
  return program_->pid;
}

std::string ChildProcess::expect_line(std::string_view prefix) {
  const auto deadline = steady_clock::now() + patience();
  for (;;) {
    if (auto rest = program_->output.consume(prefix)) {
      return std::move(*rest);
    }
    if (!program_->output.read_until(deadline)) {
      if (auto rest = program_->output.consume(prefix)) {
        return std::move(*rest);
      }
      program_->fail("no line \"" + std::string{prefix} + "\"" +
                     (program_->output.ended() ? " up to the end" : " in time"));
    }
  }
}

pid_t ChildProcess::expect_pid(std::string_view prefix) {
  const std::string rest = expect_line(prefix);
  if (rest.empty() || rest.front() < '0' || rest.front() > '9') {
    program_->fail("no pid after \"" + std::string{prefix} + "\" but \"" + rest + "\"");
  }
  return std::stoi(rest);
}

bool ChildProcess::printed(std::string_view prefix) {
  const auto deadline = steady_clock::now() + patience();
  while (program_->output.read_until(deadline)) {
  }
  if (!program_->output.ended()) {
    program_->fail("somebody still holds the other end: no end");
  }
  return program_->output.has(prefix);
}

bool ChildProcess::printed_so_far(std::string_view prefix) {
  program_->output.read_available();
  return program_->output.has(prefix);
}

std::size_t ChildProcess::count_so_far(std::string_view prefix) {
  program_->output.read_available();
  return program_->output.count(prefix);
}

std::vector<std::string> ChildProcess::messages_so_far() {
  program_->output.read_available();
  return program_->output.messages();
}

void ChildProcess::signal(int number) const {
  // By pidfd: once it is reaped its pid may be anybody's.
  ::syscall(SYS_pidfd_send_signal, program_->pidfd.get(), number, nullptr, 0);
}

void ChildProcess::signal_group(int number) const {
  ::kill(-program_->pid, number);
}

Exit ChildProcess::wait_exit() {
  const auto deadline = steady_clock::now() + patience();
  for (program_->reap(); !program_->exit; program_->reap()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now());
    if (left.count() <= 0) {
      program_->fail("did not end in time: no exit");
    }
    // A closed output has fd -1, which poll passes over.
    pollfd waiting[] = {{program_->pidfd.get(), POLLIN, 0}, {program_->output.fd(), POLLIN, 0}};
    check_retry([&] { return ::poll(waiting, 2, static_cast<int>(left.count())); }, "poll");
    program_->output.read_available();
  }
  return *program_->exit;
}

bool ChildProcess::running() {
  program_->reap();
  return !program_->exit;
}

void ChildProcess::close_output() {
  program_->output.close();
}

void ChildProcess::type(std::string_view text) const {
  check_retry([&] { return ::write(program_->terminal.get(), text.data(), text.size()); },
              "write(terminal)");
}

void ChildProcess::hang_up() {
  program_->terminal.reset();
}

std::ostream& operator<<(std::ostream& stream, const Exit& exit) {
  return exit.signal != 0 ? stream << "signal " << exit.signal : stream << "status " << exit.code;
}

}  // namespace thane::testing
