// bench_http: what one request costs a server, thane beside its peers in one run.
//
//   ./bench_http [--rounds N] [--seconds S] [--connections C] [--servers thane,nginx]
//                [MEASUREMENT...]
//   ./bench_http --list
//
// Needs served, raw_epoll and peer_*.py beside it, and of Debian's packages nginx-light,
// libcpp-httplib-dev (when this is built), gunicorn, uwsgi-core, uwsgi-plugin-python3,
// python3-oslo.service and, for certificates, openssl those that there are. The servers of a
// measurement run at the same time on processor 0, and are loaded one after the other, a round
// each, from processor 1. Cells are medians over the rounds: of user and system time of all
// threads and processes of a server, by the kernel's own count. All of it takes five minutes.
#include <fmt/core.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <thane/check.hpp>

#include "http_measurements.hpp"
#include "servers.hpp"
#include "sheet.hpp"

namespace {

using namespace thane::bench;
using namespace std::chrono_literals;

constexpr std::size_t idle_count = 10'000;

struct Settings {
  int rounds = 7;
  double seconds = 0.5;
  std::size_t connections = 64;
  std::vector<std::string> servers;       // Empty: all.
  std::vector<std::string> measurements;  // Empty: all.
};

struct Measured {
  std::string name;
  std::unique_ptr<RunningServer> running;
  std::vector<double> values = {};  // One a round.
};

bool wanted(const std::vector<std::string>& chosen, const std::string& what) {
  return chosen.empty() || std::find(chosen.begin(), chosen.end(), what) != chosen.end();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.at(values.size() / 2);
}

/// A key and a certificate of its own in one file, which goes with the owner.
class Certificate {
 public:
  Certificate() {
    const std::string command = fmt::format(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
        "-subj /CN=localhost -keyout {0}.key -out {0}.crt 2>/dev/null && cat {0}.crt {0}.key > {0}",
        path().string());
    if (std::system(command.c_str()) != 0) throw std::runtime_error("openssl(1) failed");
  }
  [[nodiscard]] std::filesystem::path path() const { return folder_.path() / "server.pem"; }

 private:
  TemporaryFolder folder_;
};

double measure_cpu(Measured& server, const HttpMeasurement& measurement, const Settings& settings) {
  constexpr double warm_up = 0.1;
  HttpLoad load{server.running->port(), settings.connections, measurement.exchange};
  load.run(warm_up);
  const pid_t pid = server.running->program().pid();
  const double before = tree_cpu_milliseconds(pid);
  const double answered = load.run(settings.seconds);
  return (tree_cpu_milliseconds(pid) - before) * 1000 / answered;
}

/// Of a server that has served already. The kernel's share of connections is not counted.
double measure_memory(Measured& server, const HttpMeasurement& measurement) {
  const pid_t pid = server.running->program().pid();
  const int port = server.running->port();
  (void)idle_connections(port, 1, measurement.exchange);
  const long before = tree_pss_kib(pid);
  const auto connections = idle_connections(port, idle_count, measurement.exchange);
  std::this_thread::sleep_for(2s);  // For what a server gives back a little later.
  return static_cast<double>(tree_pss_kib(pid) - before) * 1024 / idle_count;
}

std::string compared(const HttpMeasurement& measurement, const std::string& name, double value,
                     double first) {
  const bool is_first = name == measurement.servers.front();
  const bool ratio = measurement.comparison == Comparison::ratio;
  double result = value;
  std::string text;
  if (!is_first && ratio) {
    result = first / value;
    text = fmt::format("thane / {} = {:.2f}", name, result);
  } else if (!is_first) {
    result = value - first;
    text = fmt::format("{:+.2f}", result);
  }
  for (const Bar& bar : measurement.bars) {
    if (bar.server != name) continue;
    text += fmt::format("{}at most {:g}: {}", text.empty() ? "" : ", ", bar.most,
                        result <= bar.most ? "met" : "MISSED");
  }
  return text;
}

void print(const HttpMeasurement& measurement, const std::vector<Measured>& servers) {
  const bool cpu = measurement.quantity == Quantity::cpu;
  const bool shakes_hands = measurement.exchange.transport == Transport::tls &&
                            measurement.exchange.connections == Connections::anew;
  fmt::print("{}: {}\n", measurement.name, measurement.title);
  Table table;
  const double first = median(servers.front().values);
  for (const Measured& server : servers) {
    const double value = median(server.values);
    std::string text = cpu ? fmt::format("{:.2f} us", value) : fmt::format("{:.0f} octets", value);
    if (shakes_hands) text += fmt::format(", {:.0f} in a second of CPU", 1e6 / value);
    const bool comparable = servers.front().name == measurement.servers.front();
    table.add({"  " + server.name, text,
               comparable ? compared(measurement, server.name, value, first) : ""});
  }
  table.print();
  fmt::print("\n");
  std::fflush(stdout);
}

/// False: one of the servers could not be measured.
bool measure(const HttpMeasurement& measurement, const std::vector<Server>& kinds,
             const Settings& settings) {
  std::unique_ptr<Certificate> certificate;
  Setup setup{.workers = 1, .processor = 0};
  if (measurement.exchange.transport == Transport::tls) {
    certificate = std::make_unique<Certificate>();
    setup.certificate = certificate->path();
  }
  std::vector<Measured> servers;
  for (const Server& kind : kinds) {
    if (!wanted(measurement.servers, kind.name)) continue;
    servers.push_back({kind.name, std::make_unique<RunningServer>(kind, setup)});
  }
  const bool memory = measurement.quantity == Quantity::memory;
  bool good = true;
  for (int round = 0; round < (memory ? 1 : settings.rounds); ++round) {
    for (Measured& server : servers) {
      try {
        if (round == 0) server.running->wait_until_listening();
        server.values.push_back(memory ? measure_memory(server, measurement)
                                       : measure_cpu(server, measurement, settings));
      } catch (const std::exception& error) {
        fmt::print(stderr, "bench_http: {} of {}: {}\n", measurement.name, server.name,
                   error.what());
        good = false;
      }
    }
    std::erase_if(servers, [](const Measured& server) { return server.values.empty(); });
  }
  if (!servers.empty()) print(measurement, servers);
  return good;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream in{text};
  for (std::string word; std::getline(in, word, ',');) words.push_back(word);
  return words;
}

Settings settings_from(int argc, char** argv, const std::vector<HttpMeasurement>& all) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--list") {
      for (const HttpMeasurement& each : all) fmt::print("{:12} {}\n", each.name, each.title);
      std::exit(0);
    }
    if (word.starts_with("--") && i + 1 == argc) throw std::runtime_error(word + " has no value");
    if (word == "--rounds") {
      settings.rounds = std::max(std::stoi(argv[++i]), 1);
    } else if (word == "--seconds") {
      settings.seconds = std::stod(argv[++i]);
    } else if (word == "--connections") {
      settings.connections = std::stoul(argv[++i]);
    } else if (word == "--servers") {
      settings.servers = split(argv[++i]);
    } else if (std::any_of(all.begin(), all.end(),
                           [&](const HttpMeasurement& each) { return each.name == word; })) {
      settings.measurements.push_back(word);
    } else {
      throw std::runtime_error("no such option or measurement: " + word);
    }
  }
  return settings;
}

std::vector<Server> servers_to_measure(const Settings& settings) {
  std::vector<Server> servers;
  for (Server& server : http_servers()) {
    if (!wanted(settings.servers, server.name)) continue;
    if (is_installed(server)) {
      servers.push_back(std::move(server));
    } else {
      fmt::print("{}: not installed ({})\n", server.name,
                 server.package.empty() ? "build it" : "apt-get install " + server.package);
    }
  }
  return servers;
}

/// The servers inherit it.
void allow_many_descriptors() {
  rlimit limit{};
  thane::check(::getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
  limit.rlim_cur = limit.rlim_max;
  thane::check(::setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::vector<HttpMeasurement> all = http_measurements();
    const Settings settings = settings_from(argc, argv, all);
    const std::vector<Server> servers = servers_to_measure(settings);
    allow_many_descriptors();
    pin(1);
    bool good = true;
    for (const HttpMeasurement& measurement : all) {
      if (!wanted(settings.measurements, measurement.name)) continue;
      good = measure(measurement, servers, settings) && good;
    }
    return good ? 0 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_http: {}\n", error.what());
    return 2;
  }
}
