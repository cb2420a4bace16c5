#include "config/report.hpp"

#include <doctest/doctest.h>
#include <thane/config.hpp>

#include <chrono>
#include <sstream>
#include <string>
#include <vector>

#include "config/config_state.hpp"
#include "support/temporary_directory.hpp"

namespace {

using namespace std::chrono_literals;
using thane::Config;
using thane::Opt;
using thane::OptGroup;
using thane::testing::TemporaryDirectory;
using Strings = std::vector<std::string>;

std::vector<OptGroup> reported_groups() {
  return {
      {"web",
       {Opt<int>{.name = "workers", .default_value = 2, .help = "how many", .min = 1, .max = 64},
        Opt<std::string>{.name = "url", .default_value = "http://$host/", .help = "where"},
        Opt<Strings>{.name = "paths", .default_value = {"/a", "/b"}},
        Opt<bool>{.name = "tls", .default_value = true},
        Opt<double>{.name = "ratio", .default_value = 0.1}}},
      {"",
       {Opt<std::string>{.name = "host", .default_value = "local", .choices = {"local", "remote"}},
        Opt<std::chrono::milliseconds>{
            .name = "linger", .default_value = 500ms, .change = thane::Change::at_run_time},
        Opt<std::string>{.name = "motto", .default_value = "one\ntwo | three"},
        Opt<std::string>{
            .name = "password", .default_value = "initial", .secrecy = thane::Secrecy::secret}}}};
}

std::string dump(const Config& config) {
  return dump_text(*thane::internal::make_registry(reported_groups()),
                   config.snapshot()->entries());
}

// "name=text" of all options but the secret one.
Strings values(const Config& config) {
  Strings result;
  for (const auto& entry : config.snapshot()->entries()) {
    if (entry.name != "password" && entry.name != "config_file") {
      result.push_back(entry.name + "=" + entry.text);
    }
  }
  return result;
}

TEST_CASE("a dump shows each value and where it is from, and masks secrets") {
  const TemporaryDirectory files;
  const auto file = files.write("app.conf", "[web]\n\nworkers = 3\n[DEFAULT]\npassword = p\n");
  const auto config = Config::parse({"--config-file", file, "--web-notls"}, reported_groups(),
                                    {"THANE_HOST=remote"});
  const std::string text = dump(config);
  const auto has = [&](const std::string& part) { return text.find(part) != text.npos; };
  CHECK(has("[web]\n# " + file + ":3\nworkers = 3\n"));
  CHECK(has("# command line\ntls = false\n"));
  CHECK(has("# environment THANE_HOST\nhost = remote\n"));
  CHECK(has("# default\nlinger = 500ms\n"));
  CHECK(has("# command line\n# config_file = " + file + "\n"));
  CHECK(has("# " + file + ":5\npassword = ***\n"));
  CHECK_FALSE(has("initial"));
}

TEST_CASE("a dump is a file that gives the same values") {
  const auto config =
      Config::parse({"--web-url", "a$$b $host", "--web-workers=7", "--motto=x", "--linger=1.5"},
                    reported_groups());
  CHECK(config.get<std::string>("web.url") == "a$b local");
  const TemporaryDirectory files;
  const auto file = files.write("dump.conf", dump(config));
  CHECK(values(Config::parse({"--config-file", file}, reported_groups())) == values(config));
}

TEST_CASE("the sample is a file that gives the defaults, as it stands and with all lines active") {
  const std::string sample = sample_text(*thane::internal::make_registry(reported_groups()));
  std::string active;
  std::istringstream lines{sample};
  for (std::string line; std::getline(lines, line);) {
    const bool commented_out = line.size() > 1 && line[0] == '#' && line[1] != ' ';
    active += (commented_out || line.starts_with("#    ") ? line.substr(1) : line) + "\n";
  }
  CHECK(active.find("\nworkers = 2\n") != active.npos);

  const TemporaryDirectory files;
  const auto defaults = values(Config::parse({}, reported_groups()));
  CHECK(values(Config::parse({"--config-file", files.write("1.conf", sample)},
                             reported_groups())) == defaults);
  CHECK(values(Config::parse({"--config-file", files.write("2.conf", active)},
                             reported_groups())) == defaults);
}

TEST_CASE("the sample explains each option above it") {
  const std::string sample = sample_text(*thane::internal::make_registry(reported_groups()));
  CHECK(sample.find("[web]\n\n# how many\n# (an integer, 1 to 64)\n#workers = 2\n") != sample.npos);
  CHECK(sample.find("# (a duration; changes at run time)\n#linger = 500ms\n") != sample.npos);
  CHECK(sample.find("# (one of: local, remote)\n#host = local\n") != sample.npos);
  CHECK(sample.find("\n#password =\n") != sample.npos);
}

TEST_CASE("the help has a line for each flag, by group") {
  const std::string help = help_text(*thane::internal::make_registry(reported_groups()), "shop");
  const auto has = [&](const std::string& part) { return help.find(part) != help.npos; };
  CHECK(help.starts_with("usage: shop [--OPTION VALUE]...\n"));
  CHECK(has("\n  --check-config                Validate the configuration and exit.\n"));
  CHECK(
      has("\n[web]\n  --web-workers VALUE           how many (an integer, 1 to 64; default: 2)\n"));
  CHECK(has("\n  --web-tls, --web-notls        (true or false; default: true)\n"));
  CHECK(has("default: ***)\n"));
  CHECK_FALSE(has("initial"));
}

TEST_CASE("the table of options is markdown of one row an option") {
  const std::string table = markdown_text(*thane::internal::make_registry(reported_groups()));
  CHECK(table.find("### [web]\n\n| option | default | value | meaning |\n|---|---|---|---|\n"
                   "| `workers` | `2` | an integer, 1 to 64 | how many |\n") != table.npos);
  CHECK(table.find("| `motto` | `one two \\| three` | text |  |\n") != table.npos);
}

}  // namespace
