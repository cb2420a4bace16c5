#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

#include <thane/wsgi/mapper.hpp>

using thane::wsgi::Mapper;

namespace {

TEST_CASE("a URL by name has the route's variables, encoded, and a query of the rest") {
  Mapper mapper;
  mapper.connect("item", "/items/{id}{.format}", {.controller = "items", .action = "show"});
  CHECK(mapper.generate("item", {{"id", "7"}}) == "/items/7");
  CHECK(mapper.generate("item", {{"id", "a b/ü?"}}) == "/items/a%20b/%C3%BC%3F");
  CHECK(mapper.generate("item", {{"id", "7"}, {"format", "json"}}) == "/items/7.json");
  CHECK(mapper.generate("item", {{"id", "7"}, {"q", "a b/&"}, {"q", "2"}}) ==
        "/items/7?q=a+b%2F%26&q=2");
  CHECK(mapper.generate("item", {{"id", "7"}, {"action", "edit"}}) == std::nullopt);
  CHECK(mapper.generate("item") == std::nullopt);
  CHECK_THROWS_WITH_AS((void)mapper.generate("none"), "no route has the name \"none\"",
                       std::invalid_argument);
}

TEST_CASE("a default that is not in the path has to be among the arguments as it is") {
  Mapper mapper;
  mapper.connect("/n", {.defaults = {{"x", std::nullopt}, {"y", "1"}}});
  CHECK(mapper.generate({{"x", std::nullopt}, {"y", "1"}}) == "/n");
  CHECK(mapper.generate({{"x", "2"}, {"y", "1"}}) == std::nullopt);
  CHECK(mapper.generate({{"y", "1"}}) == std::nullopt);
}

TEST_CASE("the last route of a name has it") {
  Mapper mapper;
  mapper.connect("x", "/old");
  mapper.connect("x", "/new");
  CHECK(mapper.generate("x") == "/new");
}

TEST_CASE("a value that does not meet its requirement makes no URL") {
  Mapper mapper;
  mapper.connect("r", "/{what:cat|dog}/{id:\\d+}");
  CHECK(mapper.generate("r", {{"what", "dog"}, {"id", "7"}}) == "/dog/7");
  CHECK(mapper.generate("r", {{"what", "dogs"}, {"id", "7"}}) == std::nullopt);
  CHECK(mapper.generate("r", {{"what", "dog"}, {"id", "x"}}) == std::nullopt);
}

TEST_CASE("a method among the arguments has to be one of the route's") {
  Mapper mapper;
  mapper.connect("r", "/r", {.conditions = {.methods = {"POST"}}});
  CHECK(mapper.generate("r", {{"method", "post"}}) == "/r");
  CHECK(mapper.generate("r", {{"method", "GET"}}) == std::nullopt);
}

TEST_CASE("of several routes the one that fits the arguments best makes the URL") {
  Mapper mapper;
  mapper.connect("/items", {.controller = "items", .action = "index"});
  mapper.connect("/items/{id}", {.controller = "items", .action = "show"});
  mapper.connect("/items/{id}/{part}", {.controller = "items", .action = "show"});
  CHECK(mapper.generate({{"controller", "items"}, {"action", "show"}, {"id", "7"}}) == "/items/7");
  CHECK(
      mapper.generate({{"controller", "items"}, {"action", "show"}, {"id", "7"}, {"part", "p"}}) ==
      "/items/7/p");
  CHECK(mapper.generate({{"controller", "items"}, {"action", "none"}}) == std::nullopt);
}

TEST_CASE("with minimization, defaults at the end are left out") {
  Mapper mapper{{.minimization = true}};
  mapper.connect("a", "archive/:year/:month", {.defaults = {{"year", "2024"}, {"month", "1"}}});
  CHECK(mapper.generate("a") == "/archive");
  CHECK(mapper.generate("a", {{"year", "2020"}}) == "/archive/2020");
  CHECK(mapper.generate("a", {{"month", "5"}}) == "/archive/2024/5");
}

TEST_CASE("a route that only generates matches nothing and may lead away") {
  Mapper mapper;
  mapper.connect("search", "https://example.org:8080/{what}*", {.only_generates = true});
  CHECK(mapper.size() == 0);
  CHECK(mapper.generate("search", {{"what", "x"}, {"q", "1"}}) ==
        "https://example.org:8080/x*?q=1");
}

TEST_CASE("a redirect's destination is filled from the match, and takes the rest as its query") {
  Mapper mapper;
  mapper.redirect("/old/{url:.*}", "/archive/{url}", {}, 301);
  mapper.redirect("/item/{id}", "/items", {.controller = "c"});
  mapper.redirect("/bad", "/{missing}");
  const auto match = mapper.match("/old/a/b c");
  REQUIRE(match);
  CHECK(match->redirect_status == 301);
  CHECK(mapper.destination(*match) == "/archive/a/b%20c");
  CHECK(mapper.destination(*mapper.match("/item/7")) == "/items?id=7");
  CHECK_THROWS_AS((void)mapper.destination(*mapper.match("/bad")), std::invalid_argument);
  CHECK_THROWS_AS(mapper.redirect("/a", "/b", {}, 200), std::invalid_argument);
}

}  // namespace
