// Many processes and one log: lines stay whole, and no process waits for a reader that is stuck.
#include <thane/log.hpp>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <thane/check.hpp>
#include <thane/log_options.hpp>
#include <thane/unique_fd.hpp>
#include <vector>

#include "support/time_limit.hpp"

namespace {

namespace log = thane::log;
using thane::UniqueFd;

// THANE_TEST_LOG_LINES=10000 for a thorough run: half a gigabyte, through a pipe and to a file.
int lines_per_writer() {
  const char* wanted = std::getenv("THANE_TEST_LOG_LINES");
  return wanted != nullptr ? std::atoi(wanted) : thane::testing::sanitized ? 500 : 2000;
}

struct Pipe {
  Pipe() {
    std::array<int, 2> fds{};
    thane::check(::pipe2(fds.data(), O_CLOEXEC), "pipe2");
    reader.reset(fds[0]);
    writer.reset(fds[1]);
  }
  UniqueFd reader;
  UniqueFd writer;
};

class Process {
 public:
  explicit Process(const std::function<void()>& body) : pid_(thane::check(::fork(), "fork")) {
    if (pid_ == 0) {
      body();
      for (int patience = 0; patience < 100; ++patience) {
        log::flush();  // A machine under load may keep the reader from running for long.
      }
      ::_exit(0);
    }
  }
  Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}
  ~Process() { kill(); }

  void kill() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      wait();
    }
  }
  int wait() {
    int status = -1;
    ::waitpid(std::exchange(pid_, 0), &status, 0);
    return status;
  }

 private:
  pid_t pid_;
};

void log_to(const UniqueFd& stderr_of_this_process) {
  thane::check(::dup2(stderr_of_this_process.get(), STDERR_FILENO), "dup2");
  log::to_stderr();
}

// Calls `use` with each line that comes until all writers are gone; returns the start of a last one
// that was not completed.
std::string read_lines(int fd, const std::function<void(std::string_view)>& use) {
  std::string text;
  std::vector<char> buffer(1U << 16U);
  ssize_t count = 0;
  while ((count = ::read(fd, buffer.data(), buffer.size())) > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(count));
    std::size_t start = 0;
    for (std::size_t end = 0; (end = text.find('\n', start)) != std::string::npos;
         start = end + 1) {
      use(std::string_view{text}.substr(start, end - start));
    }
    text.erase(0, start);
  }
  return text;
}

// Counts the lines of numbered writers, and checks that none is torn, doubled or out of order.
class Tally {
 public:
  void take(std::string_view line) {
    const auto parsed = nlohmann::json::parse(line, nullptr, false);
    if (parsed.is_discarded()) {
      ++torn;
      return;
    }
    const auto message = parsed["message"].get<std::string>();
    if (message.find(" log lines dropped") != std::string::npos) {
      dropped += std::atoi(message.c_str());
      return;
    }
    const int number = std::atoi(message.c_str());
    int& last = last_[parsed["worker"].get<int>()];
    if (number <= last) {
      ++misplaced;
    }
    last = number;
    ++lines;
  }

  int lines = 0;
  int dropped = 0;
  int torn = 0;
  int misplaced = 0;

 private:
  std::map<int, int> last_;
};

void write_numbered_lines(int worker, int count, std::size_t size) {
  log::set_process_context({.worker = worker});
  log::set_format(log::Format::json);
  const std::string filling(size, 'x');
  for (int number = 1; number <= count; ++number) {
    log::info("{} {}", number, filling);
  }
}

constexpr int writers = 8;

TEST_CASE("lines of 8 KiB from eight processes arrive whole through a pipe") {
  Pipe pipe;
  std::vector<Process> processes;
  for (int worker = 0; worker < writers; ++worker) {
    processes.emplace_back([&, worker] {
      log_to(pipe.writer);
      // Sizes on both sides of what a pipe takes whole.
      write_numbered_lines(worker, lines_per_writer(), worker % 4 == 3 ? 200 : 8192);
    });
  }
  pipe.writer.reset();
  Tally tally;
  CHECK(read_lines(pipe.reader.get(), [&](std::string_view line) { tally.take(line); }).empty());
  CHECK(tally.torn == 0);
  CHECK(tally.misplaced == 0);
  CHECK(tally.lines + tally.dropped == writers * lines_per_writer());
  MESSAGE(tally.lines << " lines, " << tally.dropped << " dropped");
}

TEST_CASE("lines of 8 KiB from eight processes arrive whole in a file, none is lost") {
  const std::string path = "/tmp/thane-log-test-" + std::to_string(::getpid());
  std::vector<Process> processes;
  for (int worker = 0; worker < writers; ++worker) {
    processes.emplace_back([&, worker] {
      log::to_file(path);
      write_numbered_lines(worker, lines_per_writer(), 8192);
    });
  }
  for (Process& process : processes) {
    CHECK(process.wait() == 0);
  }
  Tally tally;
  std::ifstream file{path};
  for (std::string line; std::getline(file, line);) {
    tally.take(line);
  }
  std::filesystem::remove(path);
  CHECK(tally.torn == 0);
  CHECK(tally.misplaced == 0);
  CHECK(tally.lines == writers * lines_per_writer());
}

TEST_CASE("writers that are killed at any moment neither stop nor tear the others' lines") {
  Pipe pipe;
  std::vector<Process> victims;
  for (int worker = 1; worker < writers; ++worker) {
    victims.emplace_back([&, worker] {
      log_to(pipe.writer);
      write_numbered_lines(worker, 1'000'000, 8192);
    });
  }
  Process survivor{[&] {
    log_to(pipe.writer);
    write_numbered_lines(0, lines_per_writer(), 8192);
  }};
  pipe.writer.reset();
  Tally tally;
  int seen = 0;
  const std::string unfinished = read_lines(pipe.reader.get(), [&](std::string_view line) {
    tally.take(line);
    if (++seen % 100 == 0 && !victims.empty()) {
      victims.back().kill();
      victims.pop_back();
    }
  });
  CHECK(survivor.wait() == 0);
  // The line that each victim was writing, the last of which nobody may be left to end.
  CHECK(tally.torn + (unfinished.empty() ? 0 : 1) <= writers - 1);
  CHECK(tally.misplaced == 0);
}

TEST_CASE("a reader that is stuck blocks nobody, and is told what it missed") {
  constexpr int count = 20'000;
  Pipe pipe;
  Pipe resume;
  Pipe finished;
  Process process{[&] {
    log_to(pipe.writer);
    const auto begin = std::chrono::steady_clock::now();
    write_numbered_lines(0, count, 100);
    const auto took = std::chrono::steady_clock::now() - begin;
    const char verdict = took < std::chrono::seconds{1} ? 'y' : 'n';
    static_cast<void>(!::write(finished.writer.get(), &verdict, 1));
    char byte = 0;
    static_cast<void>(!::read(resume.reader.get(), &byte, 1));
    log::info("{}", count + 1);
  }};
  pipe.writer.reset();
  char verdict = 0;
  REQUIRE(::read(finished.reader.get(), &verdict, 1) == 1);  // Before anything was read.
  CHECK(verdict == 'y');
  REQUIRE(::write(resume.writer.get(), "x", 1) == 1);
  Tally tally;
  CHECK(read_lines(pipe.reader.get(), [&](std::string_view line) { tally.take(line); }).empty());
  CHECK(process.wait() == 0);
  CHECK(tally.torn == 0);
  CHECK(tally.misplaced == 0);
  CHECK(tally.dropped > 0);
  CHECK(tally.lines + tally.dropped == count + 1);
}

TEST_CASE("a reader that is gone costs no more than a failed write a line") {
  Pipe pipe;
  pipe.reader.reset();
  Process process{[&] {
    ::signal(SIGPIPE, SIG_DFL);
    log_to(pipe.writer);
    write_numbered_lines(0, 20'000, 100);
  }};
  CHECK(process.wait() == 0);
}

TEST_CASE("a process forked while lines wait for a reader does not write them again") {
  Pipe pipe;
  Pipe forked;
  Pipe resume;
  Process process{[&] {
    log_to(pipe.writer);
    write_numbered_lines(0, 1000, 100);  // More than the pipe holds, less than the buffer.
    Process child{[&] {
      static_cast<void>(!::write(forked.writer.get(), "x", 1));
      char byte = 0;
      static_cast<void>(!::read(resume.reader.get(), &byte, 1));
    }};
    child.wait();
  }};
  pipe.writer.reset();
  char byte = 0;
  REQUIRE(::read(forked.reader.get(), &byte, 1) == 1);
  REQUIRE(::write(resume.writer.get(), "x", 1) == 1);
  Tally tally;
  CHECK(read_lines(pipe.reader.get(), [&](std::string_view line) { tally.take(line); }).empty());
  CHECK(tally.misplaced == 0);
  CHECK(tally.lines == 1000);
}

TEST_CASE("reopen moves to the new file, and keeps the old one if there can be none") {
  std::string directory = "/tmp/thane-log-XXXXXX";
  REQUIRE(::mkdtemp(directory.data()) != nullptr);
  const auto text_of = [](const std::string& path) {
    std::ifstream file{path};
    return std::string{std::istreambuf_iterator<char>{file}, {}};
  };
  const std::string path = directory + "/log/x.log";
  std::filesystem::create_directory(directory + "/log");
  log::to_file(path);
  log::info("one");
  std::filesystem::rename(directory + "/log", directory + "/moved");
  log::reopen();  // The directory is gone.
  log::info("two");
  std::filesystem::create_directory(directory + "/log");
  log::reopen();
  log::info("three");
  log::to_stderr();

  const std::string old = text_of(directory + "/moved/x.log");
  CHECK(old.find(": one\n") != std::string::npos);
  CHECK(old.find(": log file not reopened, the old one stays in use: ") != std::string::npos);
  CHECK(old.find(": two\n") != std::string::npos);
  CHECK(old.find("three") == std::string::npos);
  CHECK(text_of(path).find(": three\n") != std::string::npos);
  std::filesystem::remove_all(directory);
}

}  // namespace
