#include "measured_program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <stdexcept>

#include <thane/check.hpp>

namespace thane::bench {

namespace {

/// The number after `key` in one of the files of /proc that read "Key:   number unit".
long number_in(pid_t pid, const std::string& file, const std::string& key) {
  std::ifstream in{"/proc/" + std::to_string(pid) + "/" + file};
  for (std::string word; in >> word;) {
    long number = 0;
    if (word == key && in >> number) {
      return number;
    }
  }
  throw std::runtime_error("no " + key + " in /proc/" + std::to_string(pid) + "/" + file);
}

std::vector<pid_t> children_of(pid_t pid) {
  const std::string id = std::to_string(pid);
  std::ifstream in{"/proc/" + id + "/task/" + id + "/children"};
  std::vector<pid_t> pids;
  for (pid_t child = 0; in >> child;) {
    pids.push_back(child);
  }
  return pids;
}

/// Where the fields of /proc/PID/stat have ticks of 10 ms.
double milliseconds_in(const std::filesystem::path& schedstat) {
  std::ifstream in{schedstat};
  double nanoseconds = 0;
  in >> nanoseconds;
  return nanoseconds / 1e6;
}

std::atomic<pid_t> running = -1;  // The program that was started last and has not ended.

void end_with_program(int number) {
  if (running > 0) ::kill(-running, SIGKILL);
  ::signal(number, SIG_DFL);
  ::raise(number);
}

}  // namespace

void pin(int processor) {
  cpu_set_t processors;
  CPU_ZERO(&processors);
  CPU_SET(static_cast<std::size_t>(processor), &processors);
  check(::sched_setaffinity(0, sizeof processors, &processors), "sched_setaffinity");
}

void take_program_along() {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::signal(number, end_with_program);
}

MeasuredProgram::MeasuredProgram(const std::vector<std::string>& command,
                                 const ProgramOptions& options) {
  const UniqueFd null{check(::open("/dev/null", O_RDWR | O_CLOEXEC), "/dev/null")};
  constexpr int flags = O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC;
  const UniqueFd log{check(::open(options.log.c_str(), flags, 0600), options.log.c_str())};
  std::vector<char*> arguments;
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);

  started_ = Clock::now();
  pid_ = check(::fork(), "fork");
  if (pid_ == 0) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (options.processor >= 0) pin(options.processor);
    ::dup2(options.input >= 0 ? options.input : null.get(), 0);
    ::dup2(options.output >= 0 ? options.output : log.get(), 1);
    ::dup2(log.get(), 2);
    if (options.open_files > 0) {
      const rlimit limit{.rlim_cur = options.open_files, .rlim_max = options.open_files};
      ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  running = pid_;
  ::setpgid(pid_, pid_);  // Here too, or a signal to the group could come before the group.
}

MeasuredProgram::~MeasuredProgram() {
  if (pid_ > 0) {
    ::kill(-pid_, SIGKILL);
    wait_exit();
  }
}

std::vector<pid_t> MeasuredProgram::children() const {
  return children_of(pid_);
}

std::vector<pid_t> MeasuredProgram::wait_for_children(std::size_t count,
                                                      std::chrono::seconds limit) const {
  const auto deadline = Clock::now() + limit;
  for (;;) {
    std::vector<pid_t> pids = children();
    if (pids.size() >= count) {
      return pids;
    }
    if (Clock::now() > deadline) {
      throw std::runtime_error("only " + std::to_string(pids.size()) + " workers of " +
                               std::to_string(count));
    }
  }
}

void MeasuredProgram::signal(int number) const {
  if (pid_ <= 0) throw std::runtime_error("the program has ended");  // To -1 means to everybody.
  check(::kill(pid_, number), "kill");
}

void MeasuredProgram::wait_exit() {
  check_retry([&] { return ::waitpid(pid_, nullptr, 0); }, "waitpid");
  ::kill(-pid_, SIGKILL);  // What it left behind.
  running = pid_ = -1;
}

bool MeasuredProgram::ended(std::chrono::milliseconds limit) {
  if (pid_ < 0) return true;
  if (!Watched{{pid_}}.all_gone(limit)) return false;
  wait_exit();
  return true;
}

Watched::Watched(const std::vector<pid_t>& pids) {
  for (const pid_t pid : pids) {
    pidfds_.emplace_back(static_cast<int>(check(::syscall(SYS_pidfd_open, pid, 0), "pidfd_open")));
  }
}

bool Watched::all_gone(std::chrono::milliseconds limit) const {
  const auto deadline = Clock::now() + limit;
  return std::all_of(pidfds_.begin(), pidfds_.end(), [&](const UniqueFd& fd) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd wanted{fd.get(), POLLIN, 0};
    return ::poll(&wanted, 1, static_cast<int>(std::max<long>(left, 0))) == 1;
  });
}

long voluntary_switches(pid_t pid) {
  return number_in(pid, "status", "voluntary_ctxt_switches:");
}

double cpu_milliseconds(pid_t pid) {
  return milliseconds_in("/proc/" + std::to_string(pid) + "/schedstat");
}

double tree_cpu_milliseconds(pid_t pid) {
  double sum = 0;
  const std::filesystem::path tasks{"/proc/" + std::to_string(pid) + "/task"};
  for (const auto& task : std::filesystem::directory_iterator{tasks}) {
    sum += milliseconds_in(task.path() / "schedstat");
  }
  for (const pid_t child : children_of(pid)) sum += tree_cpu_milliseconds(child);
  return sum;
}

long pss_kib(pid_t pid) {
  return number_in(pid, "smaps_rollup", "Pss:");
}

Memory memory_of(pid_t pid) {
  return {.rss_kib = number_in(pid, "smaps_rollup", "Rss:"),
          .pss_kib = pss_kib(pid),
          .anonymous_kib = number_in(pid, "smaps_rollup", "Anonymous:")};
}

long tree_pss_kib(pid_t pid) {
  long sum = pss_kib(pid);
  for (const pid_t child : children_of(pid)) sum += tree_pss_kib(child);
  return sum;
}

}  // namespace thane::bench
