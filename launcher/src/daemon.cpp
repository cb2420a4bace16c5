#include "daemon.hpp"

#include <errno.h>  // program_invocation_short_name.
#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

#include <thane/check.hpp>
#include <thane/internal/succession.hpp>

#include "threads.hpp"

namespace thane::internal {

namespace {

constexpr char ready_word = 'R';
constexpr off_t most_of_log = 8192;  // As much of it as is shown.

void expect_possible(const std::string& log_file) {
  const auto refuse = [](const char* why) {
    throw std::runtime_error(std::string{"daemonize = true: "} + why);
  };
  if (log_file.empty()) {
    refuse("log_file has to be set as well, nobody reads the standard error of a daemon");
  }
  if (::getpid() == 1) {
    refuse("this is process 1, and all others end when it goes to the background");
  }
  if (has_second_thread()) {
    refuse(
        "a second thread exists, which would be lost: constructors of services must not start "
        "threads; start them in start()");
  }
}

// --- In the new process.

void leave_standard_streams() {
  const UniqueFd null{check(::open("/dev/null", O_RDWR | O_CLOEXEC), "open(/dev/null)")};
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    check(::dup2(null.get(), stream), "dup2");
  }
}

std::unique_ptr<Foreground> begin(UniqueFd socket, pid_t predecessor) {
  const pid_t self = ::getpid();
  (void)::send(socket.get(), &self, sizeof self, MSG_NOSIGNAL);
  ::setpgid(0, 0);
  succeed(predecessor);
  leave_standard_streams();
  return std::make_unique<Foreground>(std::move(socket));
}

// --- In the one that waits for it. Nothing here returns: what the program has made is not its own
// any more.

void print(std::string_view text) {
  (void)!::write(STDERR_FILENO, text.data(), text.size());
}

// What has come to the file since it had `size` bytes: the end of it, in whole lines.
std::string log_since(const std::string& path, off_t size) {
  const UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0 || status.st_size <= size) {
    return {};
  }
  const off_t begin = std::max(size, status.st_size - most_of_log);
  std::string text(static_cast<std::size_t>(status.st_size - begin), '\0');
  text.resize(static_cast<std::size_t>(
      std::max(::pread(file.get(), text.data(), text.size(), begin), ssize_t{0})));
  return begin == size ? text : text.substr(text.find('\n') + 1);
}

// The exit status for one that has ended as `status` says, before it was ready.
int explain(int status, const std::string& log_file, off_t size) {
  const bool killed = WIFSIGNALED(status);
  const int code = killed ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  const std::string how = killed ? fmt::format("died of signal {}", WTERMSIG(status))
                                 : fmt::format("ended with status {}", code);
  print(fmt::format("{}: the daemon {} before it was ready; log_file {} says:\n{}",
                    program_invocation_short_name, how, log_file, log_since(log_file, size)));
  return code == 0 ? 1 : code;
}

// True if the daemon said so, false if it has gone.
bool is_ready(const UniqueFd& socket, pid_t daemon) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGQUIT}) ::sigaddset(&set, number);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  const UniqueFd signals{::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
  for (;;) {
    std::array<pollfd, 2> waiting{pollfd{socket.get(), POLLIN, 0},
                                  pollfd{signals.get(), POLLIN, 0}};
    (void)::poll(waiting.data(), waiting.size(), -1);
    signalfd_siginfo info{};
    while (::read(signals.get(), &info, sizeof info) == sizeof info) {
      ::kill(daemon, static_cast<int>(info.ssi_signo));  // Nobody has reaped it: it has its pid.
    }
    char word = 0;
    const ssize_t size = ::recv(socket.get(), &word, 1, MSG_DONTWAIT);
    if (size > 0 && word == ready_word) return true;
    if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) return false;
  }
}

[[noreturn]] void await(const UniqueFd& socket, pid_t starter, const std::string& log_file,
                        off_t size) {
  int status = 0;
  pid_t daemon = 0;
  while (::waitpid(starter, &status, 0) < 0 && errno == EINTR) {
  }
  if (::recv(socket.get(), &daemon, sizeof daemon, 0) != sizeof daemon) {
    print(fmt::format("{}: cannot fork a daemon\n", program_invocation_short_name));
    ::_exit(1);
  }
  if (is_ready(socket, daemon)) {
    ::_exit(0);
  }
  while (::waitpid(daemon, &status, 0) < 0 && errno == EINTR) {
  }
  ::_exit(explain(status, log_file, size));
}

}  // namespace

void Foreground::tell_ready() noexcept {
  (void)::send(socket_.get(), &ready_word, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

std::unique_ptr<Foreground> daemonize(const std::string& log_file) {
  expect_possible(log_file);
  struct stat log {};
  const off_t size = ::stat(log_file.c_str(), &log) == 0 ? log.st_size : 0;
  int ends[2];
  check(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "socketpair");
  UniqueFd ours{ends[0]};
  UniqueFd daemons{ends[1]};
  // Its grandchild becomes its child: the kernel tells it then how that has ended.
  check(::prctl(PR_SET_CHILD_SUBREAPER, 1), "prctl(PR_SET_CHILD_SUBREAPER)");
  const pid_t caller = ::getpid();
  const pid_t starter = check(::fork(), "fork");
  if (starter != 0) {
    daemons.reset();
    await(ours, starter, log_file, size);
  }
  ::setsid();
  ours.reset();
  if (const pid_t daemon = ::fork(); daemon != 0) {
    ::_exit(daemon > 0 ? 0 : 1);
  }
  return begin(std::move(daemons), caller);
}

}  // namespace thane::internal
