#include "measured_program.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include <thane/check.hpp>

namespace thane::bench {

namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

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

}  // namespace

MeasuredProgram::MeasuredProgram(const std::vector<std::string>& command) {
  int ends[2];
  check(::pipe2(ends, O_CLOEXEC), "pipe2");
  error_.reset(ends[0]);
  const UniqueFd write_end{ends[1]};
  std::vector<char*> arguments;
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);

  started_ = Clock::now();
  pid_ = check(::fork(), "fork");
  if (pid_ == 0) {
    ::setpgid(0, 0);
    const int null = ::open("/dev/null", O_RDWR);
    ::dup2(null, 0);
    ::dup2(null, 1);
    ::dup2(write_end.get(), 2);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  ::setpgid(pid_, pid_);  // Here too, or a signal to the group could come before the group.
}

MeasuredProgram::~MeasuredProgram() {
  if (pid_ > 0) {
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
}

std::vector<pid_t> MeasuredProgram::children() const {
  const std::string id = std::to_string(pid_);
  std::ifstream in{"/proc/" + id + "/task/" + id + "/children"};
  std::vector<pid_t> pids;
  for (pid_t pid = 0; in >> pid;) {
    pids.push_back(pid);
  }
  return pids;
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

void MeasuredProgram::wait_for_line(const std::string& words) {
  for (;;) {
    const auto found = unread_.find(words);
    if (found != std::string::npos) {
      unread_.erase(0, found + words.size());
      return;
    }
    char buffer[65536];
    const auto size =
        check_retry([&] { return ::read(error_.get(), buffer, sizeof buffer); }, "read");
    if (size == 0) {
      throw std::runtime_error("the program ended without: " + words);
    }
    unread_.append(buffer, static_cast<std::size_t>(size));
  }
}

void MeasuredProgram::signal(int number) const {
  check(::kill(pid_, number), "kill");
}

void MeasuredProgram::wait_exit() {
  check_retry([&] { return ::waitpid(pid_, nullptr, 0); }, "waitpid");
  ::kill(-pid_, SIGKILL);  // What it left behind.
  pid_ = -1;
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

std::optional<std::string> http_get(int port, const std::string& path) {
  const UniqueFd socket{check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
  const sockaddr_in address = loopback(port);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return std::nullopt;
  }
  const std::string request =
      "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  check(::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL), "send");

  std::string answer;
  char buffer[4096];
  for (;;) {
    const auto size = ::recv(socket.get(), buffer, sizeof buffer, 0);
    if (size <= 0) {
      break;
    }
    answer.append(buffer, static_cast<std::size_t>(size));
  }
  const auto head_end = answer.find("\r\n\r\n");
  if (head_end == std::string::npos) {
    return std::nullopt;
  }
  return answer.substr(head_end + 4);
}

int free_port() {
  const UniqueFd socket{check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  check(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size), "bind");
  check(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  return ntohs(address.sin_port);
}

long voluntary_switches(pid_t pid) {
  return number_in(pid, "status", "voluntary_ctxt_switches:");
}

long pss_kib(pid_t pid) {
  return number_in(pid, "smaps_rollup", "Pss:");
}

double median(std::vector<double> values) {
  if (values.empty()) {
    return -1;
  }
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace thane::bench
