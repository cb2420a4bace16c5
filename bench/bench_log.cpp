// What a log line costs in CPU time: filtered out, and written as text or JSON to /dev/null, a file
// and a pipe.
//
//   ./bench_log
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>
#include <thane/check.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/log.hpp>
#include <thane/log_options.hpp>
#include <thread>

namespace log = thane::log;

namespace {

// Of this thread alone: other load of the machine does not count.
double cpu_nanoseconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

template <class Body>
void measure(const char* what, int count, Body body) {
  const double begin = cpu_nanoseconds();
  for (int i = 0; i < count; ++i) {
    body(i);
  }
  std::printf("%-44s %8.1f ns\n", what, (cpu_nanoseconds() - begin) / count);
}

constexpr int many = 100'000'000;
constexpr int lines = 300'000;

void line(int i) {
  log::info("request {} from {} took {} us", i, "127.0.0.1", 173);
}

void measure_pipe() {
  std::array<int, 2> fds{};
  thane::check(::pipe2(fds.data(), O_CLOEXEC), "pipe2");
  std::thread reader{[fd = fds[0]] {
    std::array<char, 65536> buffer;
    while (::read(fd, buffer.data(), buffer.size()) > 0) {
    }
  }};
  const int stderr_before = ::dup(STDERR_FILENO);
  ::dup2(fds[1], STDERR_FILENO);
  log::to_stderr();
  measure("text line to a pipe that is read", lines, line);
  ::dup2(stderr_before, STDERR_FILENO);
  ::close(stderr_before);
  ::close(fds[1]);
  log::to_stderr();
  reader.join();
}

}  // namespace

int main() {
  measure("line that is filtered out", many, [](int i) { log::debug("number {}", i); });

  log::to_file("/dev/null");
  log::set_process_context({.service = "web", .worker = 0, .generation = 2});
  measure("text line to /dev/null", lines, line);
  log::set_format(log::Format::json);
  measure("JSON line to /dev/null", lines, line);
  const std::string long_text(8192, 'x');
  measure("JSON line of 8 KiB to /dev/null", lines, [&](int) { log::info("{}", long_text); });
  {
    thane::FiberLoop loop;
    loop.run([] {
      const log::RequestScope scope{"req-7f3c9a52"};
      measure("JSON line of a fiber with a request", lines, line);
    });
  }
  log::set_format(log::Format::text);
  const std::string path = "bench_log." + std::to_string(::getpid());
  log::to_file(path);
  measure("text line to a file", lines, line);
  log::to_stderr();
  ::unlink(path.c_str());
  measure_pipe();
}
