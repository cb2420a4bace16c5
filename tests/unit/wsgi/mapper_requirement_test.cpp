#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <string_view>

#include <thane/wsgi/mapper.hpp>

#include "route_text.hpp"
#include "routing/regex.hpp"
#include "routing/requirement.hpp"

using namespace thane::wsgi::internal;
using thane::testing::text_of;
using thane::wsgi::Mapper;

namespace {

// The octets of a run in ASCII, and how many of them it takes: "0123456789 1.." for \d+.
std::string described(std::string_view expression) {
  const auto run = run_of(expression);
  if (!run) return "needs an engine";
  std::string text;
  for (std::size_t c = 0x20; c < 0x7f; ++c) {
    if (run->octets.test(c)) text += static_cast<char>(c);
  }
  if (text.size() > 20) text = "many";
  text += " " + std::to_string(run->least) + "..";
  if (run->most < 1000) text += std::to_string(run->most);
  return text + (run->appetite == Appetite::lazy ? " lazy" : "");
}

TEST_CASE("runs of one class need no engine") {
  CHECK(described("\\d+") == "0123456789 1..");
  CHECK(described("[0-3a\\-]*?") == "-0123a 0.. lazy");
  CHECK(described("x") == "x 1..1");
  CHECK(described("[]a]?") == "]a 0..1");
  CHECK(described("[a-]{2,3}") == "-a 2..3");
  CHECK(described("a{,3}") == "a 0..3");
  CHECK(described("a{4}") == "a 4..4");
  CHECK(described("a{2,}?") == "a 2.. lazy");
  CHECK(described("[^/]+") == "many 1..");
  CHECK(described(".*") == "many 0..");
  CHECK_FALSE(run_of(".*")->octets.test('\n'));
  CHECK(run_of("[^\\/]+(?<!\\\\)")->no_backslash_last);
}

TEST_CASE("anything else goes to the engine") {
  for (const char* expression :
       {"", "ab", "a|b", "(a)", "\\bx", "a++", "a{x}", "a{3,2}", "a{,}", "[a", "[z-a]",
        "[[:alpha:]]", "\\1", "[\\b]", "[é]+", "[\\d-z]+", "a??b", "*", "^a"}) {
    CAPTURE(expression);
    CHECK(described(expression) == "needs an engine");
  }
}

TEST_CASE("words are alternatives without any syntax") {
  using Words = std::vector<std::string>;
  CHECK(words_of("json|xml") == Words{"json", "xml"});
  CHECK(words_of("tar\\.gz|") == Words{"tar.gz", ""});
  CHECK_FALSE(words_of("a.b"));
  CHECK_FALSE(words_of("(a|b)"));
  CHECK_FALSE(words_of("\\d"));
}

TEST_CASE("whether an expression can match a slash is known, or feared") {
  for (const char* expression :
       {"\\d+", "[^/]+", "a|b", "(?:ab)+x?", "[a-z0-9-]{3}", "(?P<n>\\w)"}) {
    CAPTURE(expression);
    CHECK_FALSE(may_hold_slash(expression));
  }
  for (const char* expression : {".", "[^a]", "/", "\\S", "[ -~]", "\\x2f", "a(/b)?", "[\\x2f]"}) {
    CAPTURE(expression);
    CHECK(may_hold_slash(expression));
  }
}

TEST_CASE("an engine's groups do not shift the variables, and named ones are in the match") {
  Mapper mapper;
  mapper.connect("/{a:(x)(y)?}/{b}/{c}", {.requirements = {{"c", "(?P<inner>\\d)+(?:z)?"}}});
  CHECK(text_of(mapper, "/xy/b/12z") == "a=xy b=b c=12z inner=2");
  CHECK(text_of(mapper, "/x/b/1") == "a=x b=b c=1 inner=1");
}

TEST_CASE("expressions are Python's where the languages differ") {
  std::vector<Capture> captures;
  CHECK(Regex{"a{,2}\\Z"}.match("aa", captures));
  CHECK_FALSE(Regex{"a{,2}\\Z"}.match("aaa", captures));
  CHECK(Regex{"[]{,]+"}.match("{,", captures));
  CHECK(Regex{"\\u00e9\\x41"}.match("éA", captures));
  CHECK_FALSE(Regex{"a\\Z\n"}.match("a\n", captures));
  CHECK_FALSE(Regex{"a$"}.match("a\n", captures));
  CHECK(Regex{"\\w\\d"}.match("é٣", captures));
  CHECK_THROWS_WITH_AS(Regex{"(a"}, "regular expression \"(a\": missing closing parenthesis",
                       std::invalid_argument);
}

TEST_CASE("requirements of the table count in each route that says nothing of the variable") {
  Mapper mapper{{.requirements = {{"format", "json"}, {"id", "\\d+"}}}};
  mapper.connect("/a/{id}.{format}");
  mapper.connect("/b/{id:[a-z]+}.{format}", {.requirements = {{"format", "xml"}}});
  mapper.resource("item", "items");
  for (const auto* path : {"/a/7.json", "/b/x.xml", "/items/x.json", "/items.json"}) {
    CAPTURE(path);
    CHECK(mapper.match(path));
  }
  for (const auto* path : {"/a/x.json", "/a/7.xml", "/b/7.xml", "/b/x.json", "/items.xml"}) {
    CAPTURE(path);
    CHECK_FALSE(mapper.match(path));
  }
  CHECK(text_of(mapper, "/items/x.xml", "GET").find("id=x.xml") != std::string::npos);
}

}  // namespace
