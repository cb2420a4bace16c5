// What a remote procedure call costs: calls a second, how long they take, and what CPU the server
// spends on each; within one process (fake://) and between two (local://).
//
//   build/release/bench/bench_rpc                    then: --rounds 9 for calmer medians
//
// Medians of rounds in which the transports take turns. An argument and a result of 100 octets.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <thane/check.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/rpc.hpp>
#include <thane/thread_group.hpp>

namespace rpc = thane::rpc;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

constexpr auto round_length = 1s;

struct Result {
  double calls = 0;  // A second.
  double p50 = 0;    // Microseconds.
  double p99 = 0;
  double cpu = 0;  // Of the server, microseconds a call.
};

double seconds_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

std::unique_ptr<rpc::Server> make_server(const rpc::Transport& transport) {
  rpc::Endpoint endpoint;
  endpoint.method("echo", {"text"},
                  [](const rpc::Context&, const std::string& text) { return text; });
  const rpc::Target target{.topic = "bench", .server = "bench"};
  return std::make_unique<rpc::Server>(transport, target, std::vector{endpoint});
}

// A server in a process of its own, until the end of this one.
class ServerProcess {
 public:
  explicit ServerProcess(const rpc::Transport& transport) : pid_(thane::check(::fork(), "fork")) {
    if (pid_ != 0) return;
    thane::FiberLoop{}.run([&] {
      const auto server = make_server(transport);
      server->start();
      server->wait();
    });
    ::_exit(0);
  }
  ~ServerProcess() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  [[nodiscard]] double cpu() const {
    clockid_t clock{};
    ::clock_getcpuclockid(pid_, &clock);
    return seconds_of(clock);
  }

 private:
  pid_t pid_;
};

Result measure(const rpc::Client& client, int outstanding, const ServerProcess* server) {
  std::vector<double> times;
  const std::string text(100, 'x');
  const double cpu_before =
      server != nullptr ? server->cpu() : seconds_of(CLOCK_PROCESS_CPUTIME_ID);
  const auto begin = Clock::now();
  thane::ThreadGroup callers;
  for (int caller = 0; caller < outstanding; ++caller) {
    callers.spawn([&] {
      for (auto sent = Clock::now(); sent - begin < round_length;) {
        client.call("echo", {{"text", text}});
        const auto answered = Clock::now();
        times.push_back(std::chrono::duration<double, std::micro>(answered - sent).count());
        sent = answered;
      }
    });
  }
  callers.wait();
  const double elapsed = std::chrono::duration<double>(Clock::now() - begin).count();
  const double cpu_after = server != nullptr ? server->cpu() : seconds_of(CLOCK_PROCESS_CPUTIME_ID);
  std::ranges::sort(times);
  const auto count = static_cast<double>(times.size());
  return {.calls = count / elapsed,
          .p50 = times[times.size() / 2],
          .p99 = times[times.size() * 99 / 100],
          .cpu = (cpu_after - cpu_before) * 1e6 / count};
}

Result median(std::vector<Result> results) {
  std::ranges::sort(results, {}, &Result::calls);
  return results[results.size() / 2];
}

void print(const std::map<std::pair<std::string, int>, std::vector<Result>>& all) {
  std::printf("%-22s%14s%12s%10s%10s%22s\n", "", "outstanding", "calls/s", "p50 us", "p99 us",
              "server's CPU/call us");
  for (const auto& [kind, results] : all) {
    const Result result = median(results);
    std::printf("%-22s%14d%12.0f%10.1f%10.1f%22.1f\n", kind.first.c_str(), kind.second,
                result.calls, result.p50, result.p99, result.cpu);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> arguments{argv + 1, argv + argc};
  const int rounds = arguments.size() == 2 && arguments[0] == "--rounds"
                         ? std::atoi(std::string{arguments[1]}.c_str())
                         : 3;
  const std::filesystem::path directory = "/tmp/bench_rpc." + std::to_string(::getpid());
  std::map<std::pair<std::string, int>, std::vector<Result>> results;
  {
    const auto local = rpc::Transport::from("local://" + directory.string());
    const auto fake = rpc::Transport::from("fake://bench");
    const ServerProcess process{local};
    thane::FiberLoop{}.run([&] {
      const auto server = make_server(fake);
      server->start();
      const rpc::Target target{.topic = "bench"};
      for (int round = 0; round < rounds; ++round) {
        for (const int outstanding : {1, 16, 64}) {
          results[{"fake://, all of it", outstanding}].push_back(
              measure({fake, target}, outstanding, nullptr));
          results[{"local://", outstanding}].push_back(
              measure({local, target}, outstanding, &process));
        }
      }
      server->stop();
      server->wait();
    });
  }
  std::filesystem::remove_all(directory);
  print(results);
}
