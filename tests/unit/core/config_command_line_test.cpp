#include "config/command_line.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <thane/internal/suggestion.hpp>

namespace {

using thane::Config;
using thane::Opt;
using thane::OptGroup;
using thane::internal::Action;
using thane::internal::command_line_error;
using thane::internal::OptRegistry;
using Strings = std::vector<std::string>;

std::vector<OptGroup> offered_groups() {
  return {{"", {Opt<int>{.name = "graceful_timeout"}, Opt<bool>{.name = "verbose"}}},
          {"web", {Opt<int>{.name = "pool_size"}, Opt<bool>{.name = "keep_alive"}}}};
}

Config parse(const Strings& arguments) {
  return Config::parse(arguments, offered_groups());
}

std::string error_of(const Strings& arguments) {
  try {
    (void)parse(arguments);
  } catch (const command_line_error& error) {
    return error.what();
  }
  return {};
}

TEST_CASE("dashes, underscores and dots are alike in the name of an option") {
  for (const char* flag : {"--graceful-timeout", "--graceful_timeout"}) {
    CHECK(parse({flag, "5"}).get<int>("graceful_timeout") == 5);
    CHECK(parse({std::string{flag} + "=5"}).get<int>("graceful_timeout") == 5);
  }
  for (const char* flag : {"--web-pool-size", "--web.pool_size", "--web_pool_size"}) {
    CHECK(parse({flag, "5"}).get<int>("web.pool_size") == 5);
  }
}

TEST_CASE("a value keeps its dashes, dots and underscores, and may begin with a dash") {
  const std::vector<OptGroup> text{{"", {Opt<std::string>{.name = "text"}}}};
  CHECK(Config::parse({"--text=a.b_c-d=e"}, text).get<std::string>("text") == "a.b_c-d=e");
  CHECK(Config::parse({"--text", "-5"}, text).get<std::string>("text") == "-5");
  CHECK(parse({"--graceful-timeout", "-5"}).get<int>("graceful_timeout") == -5);
}

TEST_CASE("a bool is switched on and off, with or without a value") {
  CHECK(parse({"--verbose"}).get<bool>("verbose"));
  CHECK(parse({"--verbose", "--web-pool-size", "5"}).get<bool>("verbose"));
  CHECK_FALSE(parse({"--verbose", "no"}).get<bool>("verbose"));
  CHECK_FALSE(parse({"--verbose", "--noverbose"}).get<bool>("verbose"));
  CHECK_FALSE(parse({"--verbose=no"}).get<bool>("verbose"));
  CHECK(parse({"--web-keep-alive"}).get<bool>("web.keep_alive"));
  CHECK_FALSE(parse({"--web-keep-alive", "--web-nokeep-alive"}).get<bool>("web.keep_alive"));
}

TEST_CASE("of an option given twice the last one counts") {
  CHECK(parse({"--graceful-timeout=1", "--graceful-timeout=2"}).get<int>("graceful_timeout") == 2);
}

TEST_CASE("what is wrong with a command line is told in one line") {
  CHECK(error_of({"--web-pol-size=5"}) ==
        "--web-pol-size: unknown option; did you mean --web-pool-size?");
  CHECK(error_of({"--frobnicate"}) == "--frobnicate: unknown option; --help lists all options");
  CHECK(error_of({"--halp"}) == "--halp: unknown option; did you mean --help?");
  CHECK(error_of({"--graceful"}) == "--graceful: unknown option; --help lists all options");
  CHECK(error_of({"--graceful-timeout"}) == "--graceful-timeout: a value is missing");
  CHECK(error_of({"--noverbose=1"}) == "--noverbose: takes no value");
  CHECK(error_of({"--help=1"}) == "--help: takes no value");
  CHECK(error_of({"file.conf"}) == "\"file.conf\": arguments are not taken, only options");
  CHECK(error_of({"--verbose", "file.conf"}) == "--verbose: \"file.conf\" is not true or false");
  CHECK(error_of({"--graceful-timeout=x"}) == "--graceful-timeout: \"x\" is not an integer");
}

TEST_CASE("the flags that ask for an action are recognised") {
  const OptRegistry registry{offered_groups()};
  const auto action_of = [&](const char* flag) {
    return thane::internal::parse_command_line(registry, {flag}).action;
  };
  CHECK(action_of("--help") == Action::help);
  CHECK(action_of("--version") == Action::version);
  CHECK(action_of("--check-config") == Action::check_config);
  CHECK(action_of("--dump_config") == Action::dump_config);
  CHECK(action_of("--sample-config") == Action::sample_config);
  CHECK(action_of("--options-markdown") == Action::options_markdown);
  CHECK(action_of("--verbose") == Action::none);
}

TEST_CASE("the edit distance counts letters inserted, removed, replaced and swapped") {
  using thane::internal::edit_distance;
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("abc", "") == 3);
  CHECK(edit_distance("workers", "workers") == 0);
  CHECK(edit_distance("workes", "workers") == 1);
  CHECK(edit_distance("wrokers", "workers") == 1);
  CHECK(edit_distance("workerz", "workers") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("only a name that is near is suggested") {
  using thane::internal::nearest;
  const Strings known{"workers", "host", "port"};
  CHECK(nearest("wokers", known) == "workers");
  CHECK(nearest("HOST", known) == "host");
  CHECK(nearest("zebra", known) == "");
  CHECK(nearest("", known) == "");
  CHECK(nearest(std::string(1000, 'w'), known) == "");
}

}  // namespace
