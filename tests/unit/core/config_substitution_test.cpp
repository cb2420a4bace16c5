#include "config/substitution.hpp"

#include <doctest/doctest.h>
#include <thane/config.hpp>

#include <string>

using thane::Config;
using thane::Opt;
using thane::OptGroup;
using thane::internal::escape_dollars;
using thane::internal::substitute;

namespace {

// Options "a" and "web.b" exist.
std::string replaced(const std::string& text) {
  const auto result = substitute(text, [](const std::string& name) -> std::optional<std::string> {
    if (name == "a" || name == "web.b") {
      return "<" + name + ">";
    }
    return std::nullopt;
  });
  return result.error.empty() ? result.text : "!" + result.error;
}

TEST_CASE("references are replaced, and two dollar signs are one") {
  CHECK(replaced("plain") == "plain");
  CHECK(replaced("$a") == "<a>");
  CHECK(replaced("${a}") == "<a>");
  CHECK(replaced("x${a}y$a/z") == "x<a>y<a>/z");
  CHECK(replaced("${web.b}") == "<web.b>");
  CHECK(replaced("$$a") == "$a");
  CHECK(replaced("$$$a") == "$<a>");
  CHECK(replaced("$a.example.com") == "<a>.example.com");
}

TEST_CASE("a dollar sign that begins no reference stands for itself") {
  CHECK(replaced("100$") == "100$");
  CHECK(replaced("$5 $ $-") == "$5 $ $-");
}

TEST_CASE("a reference to nothing is an error that tells how to write a dollar sign") {
  CHECK(replaced("$b") == "!\"$b\" refers to no option; write $$ for a dollar sign");
  CHECK(replaced("x ${web.c} y") ==
        "!\"${web.c}\" refers to no option; write $$ for a dollar sign");
  CHECK(replaced("${}") == "!\"${}\" refers to no option; write $$ for a dollar sign");
}

TEST_CASE("a reference that is not closed is an error") {
  CHECK(replaced("${web.b") == "!\"${\" is not closed by \"}\"; write $$ for a dollar sign");
}

TEST_CASE("an escaped text is replaced by itself") {
  for (const char* text : {"$a", "$$", "${web.b}", "100$", "plain"}) {
    CHECK(replaced(escape_dollars(text)) == text);
  }
}

OptGroup text_options(const std::string& group, const std::vector<std::string>& names) {
  OptGroup result{group, {}};
  for (const std::string& name : names) {
    result.options.emplace_back(Opt<std::string>{.name = name, .default_value = name});
  }
  return result;
}

TEST_CASE("a bare reference is to the same section first, and then to DEFAULT") {
  const auto config = Config::parse({"--web-x=$y and $z and ${web.y}"},
                                    {text_options("", {"y", "z"}), text_options("web", {"x", "y"})},
                                    {"THANE_WEB__Y=of web", "THANE_Z=of default"});
  CHECK(config.get<std::string>("web.x") == "of web and of default and of web");
}

TEST_CASE("references go through all sources, types and defaults") {
  const OptGroup group{"",
                       {Opt<int>{.name = "port", .default_value = 80},
                        Opt<std::string>{.name = "url", .default_value = "http://h:$port/"},
                        Opt<int>{.name = "other", .default_value = 1}}};
  const auto config = Config::parse({"--other", "${port}1"}, {group}, {"THANE_PORT=8080"});
  CHECK(config.get<std::string>("url") == "http://h:8080/");
  CHECK(config.get<int>("other") == 80801);
}

TEST_CASE("references in a circle are an error that names it") {
  const auto group = text_options("", {"a", "b", "c"});
  CHECK_THROWS_WITH_AS((void)Config::parse({"--a=$b", "--b=$c", "--c=$b"}, {group}),
                       "--c: the references go in a circle: b -> c -> b", thane::config_error);
  CHECK_THROWS_WITH_AS((void)Config::parse({"--a=$a"}, {group}),
                       "--a: the references go in a circle: a -> a", thane::config_error);
}

TEST_CASE("references that grow without end are an error") {
  std::vector<std::string> names;
  std::vector<std::string> arguments{"--x0=0123456789"};
  for (int i = 0; i <= 30; ++i) {
    names.push_back("x" + std::to_string(i));
    if (i > 0) {
      const std::string before = "$x" + std::to_string(i - 1);
      arguments.push_back("--x" + std::to_string(i) + "=" + before + before);
    }
  }
  CHECK_THROWS_WITH_AS((void)Config::parse(arguments, {text_options("", names)}),
                       "--x13: the value is longer than 64 KiB with its references replaced",
                       thane::config_error);
}

}  // namespace
