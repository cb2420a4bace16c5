// bench_supervision: how servers reload, replace, stop and lose processes, thane beside its peers.
//
//   ./bench_supervision [--rounds N] [--servers thane,nginx] [MEASUREMENT...]
//   ./bench_supervision --list
//
// Needs build/PRESET/bench/supervised beside it, and of Debian's packages nginx-light, haproxy,
// gunicorn, uwsgi-core and uwsgi-plugin-python3 those that there are. Every measurement goes over
// all servers before the next one begins, so that all see the same machine; without arguments all
// of it takes about nine minutes. Everything is seen from outside: children in /proc, pidfds,
// answers to sixteen clients. Cells are medians over the rounds; of failures, the worst round.
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "measurements.hpp"

namespace {

using namespace thane::bench;

using Servers = std::vector<Server>;
using Sheets = std::map<std::string, Sheet>;  // By the name of the server.

struct Settings {
  int rounds = 0;                         // 0: as many as each measurement wants.
  std::vector<std::string> columns;       // Empty: all.
  std::vector<std::string> measurements;  // Empty: all.
};

struct Row {
  const char* key;
  const char* label;
  const char* bar = "";
  int decimals = 2;
  Pick pick = Pick::median;
};

constexpr Row rows[] = {
    {"start", "exec to first response, ms", "10"},
    {"respawn", "kill -9 of a worker to new pid, ms", "2"},
    {"serving", "kill -9 of a worker to its successor's answer, ms", "5"},
    {"orphans", "kill -9 of the parent to workers gone, ms", "10"},
    {"port of orphans", "... the port is then", "free"},
    {"stop", "graceful stop when idle, ms", "20"},
    {"stuck stop", "graceful stop, a worker SIGSTOPped, limit 2 s: ms", "2200", 0},
    {"hang", "idle worker SIGSTOPped, limit 2 s: replaced, ms", "2500", 0},
    {"crash loop forks", "workers that die after 50 ms: forks/s in 12 s", "1.3"},
    {"crash loop lines", "... lines of log in 12 s", "", 0},
    {"crash loop stop", "... TERM to gone, ms", "200"},
    {"broken configuration", "reload of a broken configuration: failed", "0", 0, Pick::worst},
    {"broken configuration forks", "... forks in 4 s", "", 0},
    {"broken application", "reload of a broken application: failed", "0", 0, Pick::worst},
    {"broken application forks", "... forks in 4 s", "3", 0},
    {"storm failed", "200 reloads 10 ms apart: failed", "0", 0, Pick::worst},
    {"storm processes", "... processes seen", "12", 0},
    {"storm most", "... at the same time", "", 0},
    {"storm quiet", "... quiet after the last, s", "2"},
    {"slow stop", "stop with 4 requests at work, 8 queued: answered", "12 of 12", 0, Pick::worst},
    {"slow reload", "reload with the same: answered", "12 of 12", 0, Pick::worst},
    {"descriptors CPU", "120 connections for 2 x 48 descriptors: CPU, %", "5"},
    {"descriptors lines", "... lines of log in 5 s", "10", 0},
    {"descriptors recovery", "... answers again after, ms", "1000"},
    {"sequential", "1000 connections over 4 workers", "1.1 : 1"},
    {"sequential wake-ups", "... times that a worker wakes up for one", "2"},
    {"long-lived", "64 connections that stay, over 4 workers", "1.15 : 1"},
    {"wake-ups parent", "idle wake-ups/s, parent", "0"},
    {"wake-ups worker", "idle wake-ups/s, worker", "1"},
    {"PSS parent", "PSS of the parent, KiB", "2048", 0},
    {"PSS worker", "PSS of a worker, KiB", "", 0},
    {"many forked", "500 workers forked, ms", "", 0},
    {"many stopped", "500 workers stopped, ms", "", 0},
};

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream in{text};
  for (std::string word; std::getline(in, word, ',');) words.push_back(word);
  return words;
}

Settings settings_from(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--list") {
      for (const Measurement& measurement : all_measurements())
        fmt::print("{}\n", measurement.name);
      std::exit(0);
    }
    if (word.starts_with("--") && i + 1 == argc) throw std::runtime_error(word + " has no value");
    if (word == "--rounds") {
      settings.rounds = std::stoi(argv[++i]);
    } else if (word == "--servers") {
      settings.columns = split(argv[++i]);
    } else if (std::any_of(all_measurements().begin(), all_measurements().end(),
                           [&](const Measurement& each) { return each.name == word; })) {
      settings.measurements.push_back(word);
    } else {
      throw std::runtime_error("no such option or measurement: " + word);
    }
  }
  return settings;
}

bool wanted(const std::vector<std::string>& chosen, const std::string& what) {
  return chosen.empty() || std::find(chosen.begin(), chosen.end(), what) != chosen.end();
}

/// Those that are wanted and there; tells of those that are not there.
Servers servers_to_measure(const Settings& settings) {
  Servers servers;
  std::string told;
  Servers all = all_servers();
  for (Server& server : all) {
    if (!wanted(settings.columns, server.column)) continue;
    if (is_installed(server)) {
      servers.push_back(std::move(server));
    } else if (std::exchange(told, server.column) != server.column) {
      fmt::print("{} is not here ({}): apt-get install {}\n", server.column, server.program,
                 server.package);
    }
  }
  if (servers.empty()) throw std::runtime_error("no server to measure");
  return servers;
}

/// Once around all servers of the measurement. False: one of them could not be measured.
bool go_around(const Measurement& measurement, const Servers& servers, Sheets& sheets,
               std::vector<std::string>& done) {
  bool good = true;
  for (const Server& server : servers) {
    const std::string& name = server.name;
    if (!wanted(measurement.servers, name) || (!done.empty() && wanted(done, name))) continue;
    fmt::print(stderr, "{} {}\n", measurement.name, name);
    Sheet& sheet = sheets[name];
    const long nevers = sheet.nevers();
    try {
      measurement.measure(server, sheet);
    } catch (const std::exception& error) {
      fmt::print(stderr, "bench_supervision: {} of {}: {}\n", measurement.name, name, error.what());
      good = false;
    }
    if (sheet.nevers() > nevers)
      done.push_back(name);  // What never came need not be awaited again.
  }
  return good;
}

struct Column {
  const char* key;
  const char* label;
  const char* bar = "";
  int decimals = 1;
  Pick pick = Pick::median;
};

constexpr Column reload_columns[] = {
    {"answered", "answered", "", 0},
    {"failed", "failed", "0", 0, Pick::worst},
    {"reused", "of these on a used one", "0", 0, Pick::worst},
    {"p99", "p99 ms"},
    {"p99.9", "p99.9 ms", "7"},
    {"max", "max ms"},
    {"gap", "longest gap ms", "10"},
};

/// The servers below each other, in each way that they were run.
void print_reloads(const std::string& title, const std::string& prefix, const Servers& servers,
                   const Sheets& sheets) {
  const auto shown = [&](const Column& column) {
    return std::any_of(sheets.begin(), sheets.end(),
                       [&](const auto& sheet) { return sheet.second.has(prefix + column.key); });
  };
  Table table;
  const auto add_line = [&](const std::string& first, auto&& cell) {
    std::vector<std::string> line{first};
    for (const Column& column : reload_columns) {
      if (shown(column)) line.push_back(cell(column));
    }
    table.add(line);
  };
  if (!shown(reload_columns[0])) return;
  add_line(title, [](const Column& column) { return column.label; });
  for (const Server& server : servers) {
    const auto found = sheets.find(server.name);
    if (found == sheets.end() || !found->second.has(prefix + reload_columns[0].key)) continue;
    add_line(server.name, [&](const Column& column) {
      return found->second.cell(prefix + column.key, column.decimals, column.pick);
    });
  }
  add_line("bar", [](const Column& column) { return column.bar; });
  table.print();
  fmt::print("\n");
}

std::string cell_of(const Row& row, const std::string& column, const Servers& servers,
                    const Sheets& sheets) {
  for (const Server& server : servers) {
    const auto found = sheets.find(server.name);
    if (server.column == column && found != sheets.end() && found->second.has(row.key)) {
      return found->second.cell(row.key, row.decimals, row.pick);
    }
  }
  return "-";
}

void print_rows(const Servers& servers, const Sheets& sheets) {
  const std::vector<std::string> columns{"thane", "nginx", "HAProxy", "gunicorn", "uWSGI"};
  Table table;
  bool any_row = false;
  std::vector<std::string> line{"four workers"};
  line.insert(line.end(), columns.begin(), columns.end());
  line.emplace_back("bar");
  table.add(line);
  for (const Row& row : rows) {
    line = {row.label};
    for (const std::string& column : columns) line.push_back(cell_of(row, column, servers, sheets));
    const bool any =
        std::any_of(line.begin() + 1, line.end(), [](auto& cell) { return cell != "-"; });
    line.emplace_back(row.bar);
    if (any) table.add(line);
    any_row = any_row || any;
  }
  if (!any_row) return;
  table.print();
  fmt::print(
      "gunicorn: sync workers; for connections that stay, fairness and descriptors gthread\n");
}

int run(const Settings& settings) {
  const Servers servers = servers_to_measure(settings);
  Sheets sheets;
  bool good = true;
  for (const Measurement& measurement : all_measurements()) {
    if (!wanted(settings.measurements, measurement.name)) continue;
    std::vector<std::string> done;
    const int rounds = settings.rounds > 0 ? settings.rounds : measurement.rounds;
    for (int i = 0; i < rounds; ++i) good = go_around(measurement, servers, sheets, done) && good;
  }
  print_reloads("8 reloads, new connections", "anew ", servers, sheets);
  print_reloads("8 reloads, connections kept", "kept ", servers, sheets);
  print_rows(servers, sheets);
  return good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Settings settings = settings_from(argc, argv);
    take_program_along();
    return run(settings);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_supervision: {}\n", error.what());
    return 2;
  }
}
