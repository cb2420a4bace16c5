// What it takes to find the route of a path: in a table of a thousand routes, against one of ten.
//
//   build/release/bench/bench_router             then: --rounds 31 for calmer medians
//
// CPU time of this process, medians of rounds in which the tables take turns, so that all meet the
// same machine. A ratio is to be at most 2: the status is 1 if one is not.
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <thane/wsgi/mapper.hpp>
#include <vector>

using thane::wsgi::Mapper;
using thane::wsgi::RouteOptions;

namespace {

constexpr int matches = 20'000;
constexpr double bar = 2;

struct Table {
  Mapper mapper;
  std::vector<std::string> paths;
};

struct Kind {
  const char* name;
  std::function<void(Table&, const std::string& word)> add;
};

const std::vector<Kind> kinds{
    {"/word/{id}",
     [](Table& table, const std::string& word) {
       table.mapper.connect("/" + word + "/{id}", {.action = "show"});
       table.paths.push_back("/" + word + "/7");
     }},
    {"/{project}/word/{id}",
     [](Table& table, const std::string& word) {
       table.mapper.connect("/{project}/" + word + "/{id}", {.action = "show"});
       table.paths.push_back("/9f86d081884c7d659a2feaa0c55ad015/" + word + "/7");
     }},
    {"/{project:[0-9a-f]+}/word/{id}/{x}",
     [](Table& table, const std::string& word) {
       const RouteOptions options{.requirements = {{"x", R"((?:\d+|[a-z]+)-?)"}}};
       table.mapper.connect("/{project:[0-9a-f]+}/" + word + "/{id}/{x}", options);
       table.paths.push_back("/9f86d081884c7d659a2feaa0c55ad015/" + word + "/7/abc-");
     }},
    {"/word/{id}.{format}, /word{.format}",
     [](Table& table, const std::string& word) {
       table.mapper.connect("/" + word + "/{id}.{format}", {.action = "show"});
       table.mapper.connect("/" + word + "{.format}", {.action = "index"});
       table.paths.push_back("/" + word + "/1.2.json");
       table.paths.push_back("/" + word + ".json");
     }},
    {"no route for it",
     [](Table& table, const std::string& word) {
       table.mapper.connect("/{project}/" + word + "/{id}");
       table.paths.push_back("/9f86d081884c7d659a2feaa0c55ad015/x" + word + "/7");
     }},
};

void fill(Table& table, const Kind& kind, std::size_t routes) {
  for (std::size_t i = 0; table.mapper.size() < routes; ++i) {
    kind.add(table, "word" + std::to_string(1000 + i));
  }
}

double cpu_nanoseconds() {
  timespec now;
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

// Nanoseconds of one match, over all paths of the table in turn.
double measure(const Table& table) {
  std::size_t found = 0;
  const double before = cpu_nanoseconds();
  for (int i = 0; i < matches; ++i) {
    const auto& path = table.paths[static_cast<std::size_t>(i * 7) % table.paths.size()];
    found += table.mapper.match(path, "GET") ? 1 : 0;
  }
  const double result = (cpu_nanoseconds() - before) / matches;
  if (found != 0 && found != matches) std::abort();
  return result;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 2 && std::string{argv[1]} == "--rounds" ? std::atoi(argv[2]) : 11;
  bool met = true;
  std::printf("%-38s %10s %10s %7s\n", "ns CPU per match", "10 routes", "1000", "ratio");
  for (const auto& kind : kinds) {
    Table few, many;
    fill(few, kind, 10);
    fill(many, kind, 1000);
    std::vector<double> of_few, of_many;
    for (int round = 0; round < rounds; ++round) {
      of_few.push_back(measure(few));
      of_many.push_back(measure(many));
    }
    const double ratio = median(of_many) / median(of_few);
    met = met && ratio <= bar;
    std::printf("%-38s %10.0f %10.0f %7.2f   at most %.0f: %s\n", kind.name, median(of_few),
                median(of_many), ratio, bar, ratio <= bar ? "met" : "MISSED");
  }
  return met ? 0 : 1;
}
