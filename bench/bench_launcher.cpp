// What supervision costs: starting, replacing, idling and stopping workers, beside nginx.
//
//   bench_launcher [rounds]        default 15 rounds, about a minute; needs /usr/sbin/nginx for the
//                                  second column and build/<preset>/examples/web beside it.
//
// Both servers run with the same number of workers, by turns, in the same minutes. Every number is
// taken from outside: children in /proc, pidfds, an HTTP answer. A median is over all rounds.
#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "measured_program.hpp"

namespace {

using namespace std::chrono_literals;
using thane::bench::Clock;
using thane::bench::http_get;
using thane::bench::MeasuredProgram;
using thane::bench::median;
using thane::bench::milliseconds_since;
using thane::bench::Watched;

constexpr auto settle = 150ms;     // After the last worker appeared: time to become quiet.
constexpr auto idle_window = 10s;  // How long wake-ups are counted.
constexpr auto outlived = 500ms;   // A worker alive so long after its parent is there for good.
constexpr double never = 1e9;

using Samples = std::vector<double>;

/// One of the two servers, and how to start it.
class Server {
 public:
  virtual ~Server() = default;
  [[nodiscard]] virtual std::vector<std::string> command(int port, int workers) const = 0;
};

class Thane final : public Server {
 public:
  explicit Thane(std::filesystem::path program) : program_(std::move(program)) {}
  [[nodiscard]] std::vector<std::string> command(int port, int workers) const override {
    return {program_, "--web.port", std::to_string(port), "--workers", std::to_string(workers)};
  }

 private:
  std::filesystem::path program_;
};

class Nginx final : public Server {
 public:
  Nginx() {
    char folder[] = "/tmp/bench_launcher.XXXXXX";
    if (::mkdtemp(folder) == nullptr) {
      throw std::runtime_error("cannot make a folder in /tmp");
    }
    folder_ = folder;
  }
  ~Nginx() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  [[nodiscard]] std::vector<std::string> command(int port, int workers) const override {
    const std::filesystem::path file = folder_ / fmt::format("{}.conf", port);
    std::ofstream{file} << fmt::format(
        "daemon off; {0} worker_processes {1}; pid {2}/{3}.pid; error_log /dev/null crit;\n"
        "events {{ worker_connections 64; }}\n"
        "http {{ access_log off; client_body_temp_path {2}/body; proxy_temp_path {2}/proxy;\n"
        "  fastcgi_temp_path {2}/fastcgi; uwsgi_temp_path {2}/uwsgi; scgi_temp_path {2}/scgi;\n"
        "  server {{ listen 127.0.0.1:{3}; location / {{ return 200 \"$pid\\n\"; }} }} }}\n",
        ::geteuid() == 0 ? "user root;" : "", workers, folder_.string(), port);
    return {program, "-p", folder_, "-c", file};
  }

  static constexpr const char* program = "/usr/sbin/nginx";

 private:
  std::filesystem::path folder_;
};

void until_answer(int port) {
  while (!http_get(port, "/pid")) {
    std::this_thread::sleep_for(50us);
  }
}

/// Starts with four workers, asks, kills a worker, waits for its successor, stops by TERM.
void round_of_four(const Server& server, std::map<std::string, Samples>& samples) {
  const int port = thane::bench::free_port();
  MeasuredProgram program{server.command(port, 4)};
  until_answer(port);
  samples["exec to first response, ms"].push_back(milliseconds_since(program.started()));

  const std::vector<pid_t> before = program.wait_for_children(4);
  std::this_thread::sleep_for(settle);
  const Clock::time_point killed = Clock::now();
  ::kill(before.front(), SIGKILL);
  const auto known = [&before](pid_t pid) {
    return std::find(before.begin(), before.end(), pid) != before.end();
  };
  for (bool forked = false; !forked;) {
    std::this_thread::sleep_for(20us);  // To look without pause holds a lock that fork() waits for.
    const std::vector<pid_t> now = program.children();
    forked = !std::all_of(now.begin(), now.end(), known);
  }
  samples["kill -9 of a worker to forked, ms"].push_back(milliseconds_since(killed));

  std::this_thread::sleep_for(settle);
  const Clock::time_point told = Clock::now();
  program.signal(SIGTERM);
  program.wait_exit();
  samples["TERM when idle to gone, ms"].push_back(milliseconds_since(told));
}

/// Starts with two, stops one and kills the other: only the successor can answer. Then kills the
/// parent.
void round_of_two(const Server& server, std::map<std::string, Samples>& samples) {
  const int port = thane::bench::free_port();
  MeasuredProgram program{server.command(port, 2)};
  until_answer(port);
  const std::vector<pid_t> before = program.wait_for_children(2);
  std::this_thread::sleep_for(settle);

  ::kill(before[1], SIGSTOP);
  const Clock::time_point killed = Clock::now();
  ::kill(before[0], SIGKILL);
  until_answer(port);
  samples["kill -9 of a worker to serving, ms"].push_back(milliseconds_since(killed));
  ::kill(before[1], SIGCONT);

  std::this_thread::sleep_for(settle);
  const Watched workers{program.children()};
  const Clock::time_point orphaned = Clock::now();
  program.signal(SIGKILL);
  samples["kill -9 of the parent to workers gone, ms"].push_back(
      workers.all_gone(outlived) ? milliseconds_since(orphaned) : never);
}

/// What both cost while nobody asks them anything.
void idle(const Server& server, std::map<std::string, Samples>& samples) {
  const int port = thane::bench::free_port();
  MeasuredProgram program{server.command(port, 4)};
  until_answer(port);
  const std::vector<pid_t> workers = program.wait_for_children(4);
  std::this_thread::sleep_for(2s);

  std::vector<pid_t> all = workers;
  all.push_back(program.pid());
  std::vector<long> before;
  for (const pid_t pid : all) {
    before.push_back(thane::bench::voluntary_switches(pid));
  }
  std::this_thread::sleep_for(idle_window);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const long wakeups = thane::bench::voluntary_switches(all[i]) - before[i];
    const bool is_parent = all[i] == program.pid();
    const double seconds = std::chrono::duration<double>(idle_window).count();
    samples[is_parent ? "idle wake-ups/s, parent" : "idle wake-ups/s, worker"].push_back(
        static_cast<double>(wakeups) / seconds);
    samples[is_parent ? "PSS of the parent, KiB" : "PSS of a worker, KiB"].push_back(
        static_cast<double>(thane::bench::pss_kib(all[i])));
  }
}

void five_hundred(const Server& server, std::map<std::string, Samples>& samples) {
  const int port = thane::bench::free_port();
  MeasuredProgram program{server.command(port, 500)};
  (void)program.wait_for_children(500);
  samples["500 workers forked, ms"].push_back(milliseconds_since(program.started()));
  if (dynamic_cast<const Thane*>(&server) != nullptr) {
    program.wait_for_line("parent ready");
    samples["500 workers ready, ms"].push_back(milliseconds_since(program.started()));
  }
  std::this_thread::sleep_for(1s);
  const Clock::time_point told = Clock::now();
  program.signal(SIGTERM);
  program.wait_exit();
  samples["500 workers stopped by TERM, ms"].push_back(milliseconds_since(told));
}

std::string cell(double value) {
  if (value < 0) {
    return "-";
  }
  return value == never ? "never" : fmt::format("{:.2f}", value);
}

void print_table(std::map<std::string, Samples>& thane, std::map<std::string, Samples>& nginx) {
  struct Row {
    const char* name;
    const char* bar;
  };
  constexpr Row rows[] = {
      {"exec to first response, ms", ""},
      {"kill -9 of a worker to forked, ms", "<= 2"},
      {"kill -9 of a worker to serving, ms", "<= 5"},
      {"kill -9 of the parent to workers gone, ms", "<= 50"},
      {"TERM when idle to gone, ms", "<= 20"},
      {"idle wake-ups/s, parent", "0"},
      {"idle wake-ups/s, worker", "<= 1"},
      {"PSS of the parent, KiB", ""},
      {"PSS of a worker, KiB", ""},
      {"500 workers forked, ms", ""},
      {"500 workers ready, ms", ""},
      {"500 workers stopped by TERM, ms", ""},
  };
  fmt::print("{:<44}{:>10}{:>10}{:>8}{:>9}\n", "median of", "thane", "nginx", "ratio", "bar");
  for (const Row& row : rows) {
    const double ours = median(thane[row.name]);
    const double theirs = median(nginx[row.name]);
    const bool comparable = ours >= 0 && theirs > 0 && theirs != never;
    fmt::print("{:<44}{:>10}{:>10}{:>8}{:>9}\n", row.name, cell(ours), cell(theirs),
               comparable ? fmt::format("{:.2f}", ours / theirs) : "-", row.bar);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 15;
  const auto here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  const Thane thane{here.parent_path() / "examples" / "web"};
  const Nginx nginx;
  const bool have_nginx = std::filesystem::exists(Nginx::program);

  std::map<std::string, Samples> ours;
  std::map<std::string, Samples> theirs;
  const auto both = [&](auto&& measure) {
    measure(thane, ours);
    if (have_nginx) {
      measure(nginx, theirs);
    }
  };
  for (int i = 0; i < rounds; ++i) {
    both(round_of_four);
    both(round_of_two);
  }
  both(idle);
  for (int i = 0; i < 3; ++i) {
    both(five_hundred);
  }
  print_table(ours, theirs);
}
