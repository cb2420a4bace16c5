#include <doctest/doctest.h>

#include <deque>
#include <string>
#include <vector>

#include "routing/route.hpp"
#include "routing/route_index.hpp"

using namespace thane::wsgi::internal;

namespace {

struct Table {
  std::deque<Route> routes;
  RouteIndex index;

  void add(const std::string& pattern, bool minimization = false) {
    auto& route = routes.emplace_back("", pattern, thane::wsgi::RouteOptions{},
                                      thane::wsgi::MapperOptions{.minimization = minimization});
    route.position = routes.size() - 1;
    index.add(route);
  }
  std::vector<std::string> candidates(std::string_view path) const {
    std::vector<std::string> result;
    for (const auto position : index.candidates(path)) result.push_back(routes[position].pattern);
    return result;
  }
};
using Patterns = std::vector<std::string>;

TEST_CASE("of a thousand routes only those are looked at that a path can belong to") {
  Table table;
  for (int i = 0; i < 1000; ++i) {
    const auto word = "word" + std::to_string(i);
    table.add("/" + word + "/:(id).:(format)");
    table.add("/" + word + "{.format}");
    table.add("/{project}/" + word + "/{id:\\d+}");
    table.add("/{project:[^/]+}/x/" + word);
  }
  CHECK(table.candidates("/word77/1.json") == Patterns{"/word77/:(id).:(format)"});
  CHECK(table.candidates("/acme/word77/1") == Patterns{"/{project}/word77/{id:\\d+}"});
  CHECK(table.candidates("/acme/x/word77") == Patterns{"/{project:[^/]+}/x/word77"});
  CHECK(table.candidates("/word77.json") == Patterns{"/word77{.format}", "/word7{.format}"});
  CHECK(table.candidates("/none/at/all").empty());
}

TEST_CASE("candidates come with the longest prefix first, then as connected") {
  Table table;
  table.add("/{x}/b");
  table.add("/a/{y}");
  table.add("/{rest:.*}");
  table.add("/a/b");
  CHECK(table.candidates("/a/b") == Patterns{"/a/b", "/a/{y}", "/{x}/b", "/{rest:.*}"});
  CHECK(table.candidates("/a/b/c") == Patterns{"/{rest:.*}"});
}

TEST_CASE("what may hold a slash, or be missing, leaves open what follows") {
  Table table;
  table.add("/f{a:.*}/end");
  table.add("g/:b/:c", true);
  CHECK(table.candidates("/fx/y/end").size() == 1);
  CHECK(table.candidates("/x/y/end").empty());
  CHECK(table.candidates("/g").size() == 1);
  CHECK(table.candidates("/g/1/2/").size() == 1);
  CHECK(table.candidates("").empty());
}

}  // namespace
