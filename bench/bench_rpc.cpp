// bench_rpc: what a remote procedure call costs, thane beside its peers in one run.
//
//   ./bench_rpc [--rounds N] [--seconds S] [--servers thane,gRPC] [GROUP...]
//   ./bench_rpc --list
//
// Calls of one string of 100 octets that comes back, with 1, 16 and 64 of them outstanding, over
// Unix sockets (local) and over a RabbitMQ of its own (rabbit). Needs called, rabbitmq and peer_*
// beside it, and of Debian's packages libgrpc++-dev, protobuf-compiler-grpc, librabbitmq-dev (when
// this is built), rabbitmq-server and python3-oslo.messaging those that there are. All servers and
// loads of a group run at the same time; they are at work one after the other, a round each. Cells
// are medians over the rounds; CPU is user and system time by the kernel's own count.
#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <thane/check.hpp>
#include <thane/unique_fd.hpp>

#include "rpc_kinds.hpp"
#include "servers.hpp"
#include "sheet.hpp"
#include "talking_program.hpp"

namespace {

using namespace thane::bench;

constexpr std::array<std::size_t, 3> all_outstanding{1, 16, 64};

struct Settings {
  int rounds = 7;
  double seconds = 0.5;
  std::vector<std::string> servers;  // Empty: all.
  std::vector<std::string> groups;   // Empty: all.
};

/// Medians, or the samples of them.
struct Figures {
  std::vector<double> calls = {};  ///< A second.
  std::vector<double> p50 = {};    ///< Microseconds, as all that follow.
  std::vector<double> p99 = {};
  std::vector<double> server_cpu = {};  ///< For each call; none if the load is the server, too.
  std::vector<double> load_cpu = {};
};

/// One way to call, at work.
struct Contender {
  RpcKind kind;
  std::unique_ptr<TalkingProgram> server = {};
  std::unique_ptr<TalkingProgram> load = {};
  std::map<std::size_t, Figures> figures = {};
  Memory idle = {};
};

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

bool wanted(const std::vector<std::string>& chosen, const std::string& what) {
  return chosen.empty() || std::find(chosen.begin(), chosen.end(), what) != chosen.end();
}

/// A node of its own, until the end of this program, however that comes about: the node ends when
/// nobody has the pipe open that it is started with.
class Broker {
 public:
  Broker() {
    int ends[2];
    thane::check(::pipe2(ends, O_CLOEXEC), "pipe2");
    const thane::UniqueFd reader{ends[0]};
    life_.reset(ends[1]);
    const auto input = fmt::format(" </proc/{}/fd/{}", ::getpid(), reader.get());
    if (run("start", input) != 0) throw std::runtime_error("RabbitMQ does not start");
    std::ifstream{folder_.path() / "port"} >> port_;
  }
  ~Broker() {
    life_.reset();
    (void)run("stop");
  }
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  [[nodiscard]] int port() const noexcept { return port_; }
  [[nodiscard]] static bool is_installed() {
    return ::access("/usr/lib/rabbitmq/bin/rabbitmq-server", X_OK) == 0;
  }

 private:
  [[nodiscard]] int run(const char* verb, const std::string& input = {}) const {
    const auto script = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "rabbitmq";
    return std::system(
        fmt::format("'{}' {} '{}'{}", script.string(), verb, folder_.path().string(), input)
            .c_str());
  }

  TemporaryFolder folder_;
  thane::UniqueFd life_;
  int port_ = 0;
};

void measure(Contender& contender, std::size_t outstanding, double seconds) {
  const auto cpu = [](const std::unique_ptr<TalkingProgram>& program) {
    return program ? tree_cpu_milliseconds(program->pid()) * 1000 : 0;
  };
  const double server_before = cpu(contender.server);
  const double load_before = cpu(contender.load);
  contender.load->tell(fmt::format("{} {}", outstanding, seconds));
  std::istringstream answer{contender.load->hear()};
  double calls = 0, elapsed = 0, p50 = 0, p99 = 0;
  answer >> calls >> elapsed >> p50 >> p99;
  if (!answer || calls < 1) throw std::runtime_error(contender.kind.name + " has made no calls");
  Figures& figures = contender.figures[outstanding];
  figures.calls.push_back(calls / elapsed);
  figures.p50.push_back(p50);
  figures.p99.push_back(p99);
  if (contender.server) {
    figures.server_cpu.push_back((cpu(contender.server) - server_before) / calls);
  }
  figures.load_cpu.push_back((cpu(contender.load) - load_before) / calls);
}

/// Waits until the server has answered.
void start(Contender& contender, const std::filesystem::path& log) {
  if (!contender.kind.server.empty()) {
    contender.server = std::make_unique<TalkingProgram>(contender.kind.server, log);
    (void)contender.server->hear();
  }
  contender.load = std::make_unique<TalkingProgram>(contender.kind.load, log);
  contender.load->tell("1 0.001");
  (void)contender.load->hear();
  if (contender.server) contender.idle = memory_of(contender.server->pid());
}

double value_of(const Contender& contender, std::size_t outstanding, RpcQuantity quantity) {
  const Figures& figures = contender.figures.at(outstanding);
  switch (quantity) {
    case RpcQuantity::calls:
      return median(figures.calls);
    case RpcQuantity::p50:
      return median(figures.p50);
    case RpcQuantity::server_cpu:
      return median(figures.server_cpu);
  }
  return 0;
}

const Contender* find(const std::vector<Contender>& contenders, const std::string& name) {
  const auto found =
      std::ranges::find(contenders, name, [](const Contender& each) { return each.kind.name; });
  return found == contenders.end() ? nullptr : &*found;
}

/// "64 outstanding, calls/s of raw C: 0.97, at least 0.85"; empty: there is no such peer.
std::string judge(const RpcBar& bar, const std::vector<Contender>& contenders, bool& met) {
  static const std::map<RpcQuantity, std::string> words{{RpcQuantity::calls, "calls/s"},
                                                        {RpcQuantity::p50, "p50"},
                                                        {RpcQuantity::server_cpu, "server us"}};
  double value = value_of(contenders.front(), bar.outstanding, bar.quantity);
  std::string text = fmt::format("{} outstanding, {}", bar.outstanding, words.at(bar.quantity));
  if (!bar.against.empty()) {
    const Contender* const peer = find(contenders, bar.against);
    if (peer == nullptr) return {};
    value /= value_of(*peer, bar.outstanding, bar.quantity);
    text += " / " + bar.against;
  }
  const bool least = bar.limit == Limit::at_least;
  met = met || (least ? value >= bar.value : value <= bar.value);
  return fmt::format("{}: {:.{}f}, {} {:g}", text, value, bar.against.empty() ? 1 : 2,
                     least ? "at least" : "at most", bar.value);
}

void print_bars(const RpcGroup& group, const std::vector<Contender>& contenders) {
  if (contenders.front().kind.name != group.kinds.front().name) return;
  for (const auto& alternatives : group.bars) {
    bool met = false;
    std::string text;
    for (const RpcBar& bar : alternatives) {
      const std::string one = judge(bar, contenders, met);
      if (!one.empty()) text += (text.empty() ? "" : "; or ") + one;
    }
    if (!text.empty()) fmt::print("  {}: {}\n", text, met ? "met" : "MISSED");
  }
  constexpr long most_kib = 8 * 1024;
  const long rss = contenders.front().idle.rss_kib;
  fmt::print("  RSS of an idle server: {} KiB, at most {}: {}\n\n", rss, most_kib,
             rss <= most_kib ? "met" : "MISSED");
}

void print(const RpcGroup& group, const std::vector<Contender>& contenders) {
  fmt::print("{}: {}\n", group.name, group.title);
  Table table;
  table.add({"", "outstanding", "calls/s", "p50 us", "p99 us", "server us", "load us", "thane is"});
  for (const std::size_t outstanding : all_outstanding) {
    const double ours = median(contenders.front().figures.at(outstanding).calls);
    for (const Contender& contender : contenders) {
      const Figures& figures = contender.figures.at(outstanding);
      const double calls = median(figures.calls);
      const auto cpu = [](const std::vector<double>& values) {
        return values.empty() ? std::string{"-"} : fmt::format("{:.1f}", median(values));
      };
      table.add({"  " + contender.kind.name, std::to_string(outstanding),
                 fmt::format("{:.0f}", calls), fmt::format("{:.1f}", median(figures.p50)),
                 fmt::format("{:.1f}", median(figures.p99)), cpu(figures.server_cpu),
                 cpu(figures.load_cpu),
                 &contender == contenders.data() ? "" : fmt::format("{:.2f} x", ours / calls)});
    }
  }
  table.print();
  Table memory;
  memory.add({"  idle server, KiB", "RSS", "PSS", "anonymous"});
  for (const Contender& contender : contenders) {
    if (!contender.server) continue;
    memory.add({"  " + contender.kind.name, std::to_string(contender.idle.rss_kib),
                std::to_string(contender.idle.pss_kib),
                std::to_string(contender.idle.anonymous_kib)});
  }
  memory.print();
  print_bars(group, contenders);
  std::fflush(stdout);
}

/// False: one of the contenders could not be measured.
bool measure(const RpcGroup& group, const Settings& settings, const std::filesystem::path& log) {
  std::vector<Contender> contenders;
  for (const RpcKind& kind : group.kinds) {
    if (!wanted(settings.servers, kind.name)) continue;
    if (std::filesystem::exists(kind.needs)) {
      contenders.push_back({.kind = kind});
    } else {
      fmt::print("{}: not installed ({})\n", kind.name,
                 kind.package.empty() ? "build it" : "apt-get install " + kind.package);
    }
  }
  bool good = true;
  for (int round = -1; round < settings.rounds; ++round) {
    for (Contender& contender : contenders) {
      try {
        if (round < 0) {
          start(contender, log);
          continue;
        }
        for (const std::size_t outstanding : all_outstanding) {
          measure(contender, outstanding, settings.seconds);
        }
      } catch (const std::exception& error) {
        fmt::print(stderr, "bench_rpc: {}: {}\n{}\n", contender.kind.name, error.what(),
                   (std::stringstream{} << std::ifstream{log}.rdbuf()).str());
        contender.load.reset();
        good = false;
      }
    }
    std::erase_if(contenders, [](const Contender& contender) { return !contender.load; });
  }
  if (!contenders.empty()) print(group, contenders);
  return good;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream in{text};
  for (std::string word; std::getline(in, word, ',');) words.push_back(word);
  return words;
}

Settings settings_from(int argc, char** argv) {
  Settings settings;
  const auto groups = rpc_groups({}, 1);
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--list") {
      for (const RpcGroup& each : groups) fmt::print("{:8} {}\n", each.name, each.title);
      std::exit(0);
    }
    if (word.starts_with("--") && i + 1 == argc) throw std::runtime_error(word + " has no value");
    if (word == "--rounds") {
      settings.rounds = std::max(std::stoi(argv[++i]), 1);
    } else if (word == "--seconds") {
      settings.seconds = std::stod(argv[++i]);
    } else if (word == "--servers") {
      settings.servers = split(argv[++i]);
    } else if (std::ranges::find(groups, word, &RpcGroup::name) != groups.end()) {
      settings.groups.push_back(word);
    } else {
      throw std::runtime_error("no such option or group: " + word);
    }
  }
  return settings;
}

/// A signal ends what waits, and with it the broker.
void end_by_exception() {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(number, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Settings settings = settings_from(argc, argv);
    end_by_exception();
    const TemporaryFolder folder;
    std::unique_ptr<Broker> broker;
    if (wanted(settings.groups, "rabbit")) {
      if (Broker::is_installed()) {
        broker = std::make_unique<Broker>();
      } else {
        fmt::print("rabbit: not installed (apt-get install rabbitmq-server)\n");
      }
    }
    bool good = true;
    for (const RpcGroup& group : rpc_groups(folder.path(), broker ? broker->port() : 0)) {
      if (!wanted(settings.groups, group.name)) continue;
      good = measure(group, settings, folder.path() / "log") && good;
    }
    return good ? 0 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_rpc: {}\n", error.what());
    return 2;
  }
}
