// What an operator reads when a file, a variable or an argument is wrong: every message, exactly.
#include <thane/config.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "config/file_source.hpp"
#include "config/loader.hpp"
#include "support/temporary_directory.hpp"

namespace {

using thane::Config;
using thane::Opt;
using thane::OptGroup;
using thane::internal::CommandLine;
using thane::internal::OptRegistry;
using thane::internal::Sources;
using thane::testing::TemporaryDirectory;
using Strings = std::vector<std::string>;

std::vector<OptGroup> strict_groups() {
  return {{"web",
           {Opt<int>{.name = "workers", .default_value = 2, .min = 1, .deprecated_name = "num"},
            Opt<bool>{.name = "tcp_nodelay", .default_value = true},
            Opt<std::string>{.name = "mode", .default_value = "fast", .choices = {"fast", "safe"}},
            Opt<std::string>{.name = "host", .default_value = "localhost"},
            Opt<int>{.name = "pin", .secrecy = thane::Secrecy::secret}}},
          {"", {Opt<int>{.name = "grace", .deprecated_name = "web.shutdown_time"}}}};
}

// The error of a file named app.conf with this text; empty if there is none.
std::string error_of(const std::string& text) {
  const TemporaryDirectory files;
  const std::string file = files.write("app.conf", text);
  try {
    (void)Config::parse({"--config-file", file}, strict_groups());
  } catch (const thane::config_error& error) {
    const std::string message = error.what();
    CHECK(message.starts_with(files.path() + "/"));
    return message.substr(files.path().size() + 1);
  }
  return {};
}

// The same for arguments and the environment.
std::string error_of(const Strings& arguments, const Strings& environment) {
  try {
    (void)Config::parse(arguments, strict_groups(), environment);
  } catch (const thane::config_error& error) {
    return error.what();
  }
  return {};
}

Strings warnings_of(const std::string& text, const Strings& environment = {},
                    const Strings& arguments = {}) {
  const TemporaryDirectory files;
  files.write("app.conf", text);
  auto all = strict_groups();
  all.push_back({"", {Opt<Strings>{.name = "config_file"}, Opt<Strings>{.name = "config_dir"}}});
  const auto registry = std::make_shared<const OptRegistry>(all);
  Strings line = arguments;
  line.insert(line.end(), {"--config-file", "app.conf"});
  const Sources sources{registry, thane::internal::parse_command_line(*registry, line), environment,
                        files.path()};
  return load_sources(sources).warnings;
}

TEST_CASE("an unknown option is named, and the one that was meant") {
  CHECK(error_of("[web]\n\nworkes = 1\n") ==
        "app.conf:3: unknown option \"workes\" in [web]; did you mean \"workers\"?");
  CHECK(error_of("[web]\ntcp-nodelay = 1\n") ==
        "app.conf:2: unknown option \"tcp-nodelay\" in [web]; did you mean \"tcp_nodelay\"?");
  CHECK(error_of("[web]\nWorkers = 1\n") ==
        "app.conf:2: unknown option \"Workers\" in [web]; did you mean \"workers\"?");
  CHECK(error_of("[web]\ngrace = 1\n") ==
        "app.conf:2: unknown option \"grace\" in [web]; it belongs to [DEFAULT]");
  CHECK(error_of("[web]\nbackground = red\n") ==
        "app.conf:2: unknown option \"background\" in [web]; --help lists all options");
}

TEST_CASE("an unknown group is named, and the one that was meant") {
  CHECK(error_of("[wbe]\n") == "app.conf:1: unknown group [wbe]; did you mean [web]?");
  CHECK(error_of("[default]\n") == "app.conf:1: unknown group [default]; did you mean [DEFAULT]?");
  CHECK(error_of("[database]\nx = 1\n") ==
        "app.conf:1: unknown group [database]; --help lists all groups");
}

TEST_CASE("a wrong value is named with its option and what it should be") {
  CHECK(error_of("[DEFAULT]\n[web]\nworkers = 0\n") ==
        "app.conf:3: web.workers: 0 is below the minimum of 1");
  CHECK(error_of("[web]\nworkers = many\n") ==
        "app.conf:2: web.workers: \"many\" is not an integer");
  CHECK(error_of("[web]\nworkers =\n") ==
        "app.conf:2: web.workers: the value is empty; an integer is expected");
  CHECK(error_of("[web]\ntcp_nodelay = maybe\n") ==
        "app.conf:2: web.tcp_nodelay: \"maybe\" is not true or false");
  CHECK(error_of("[web]\nmode = slow\n") ==
        "app.conf:2: web.mode: \"slow\" is not one of: fast, safe");
  CHECK(error_of("[DEFAULT]\ngrace = 1\n  2\n") ==
        "app.conf:2: grace: \"1\\n2\" is not an integer");
  CHECK(error_of("[web]\npin = swordfish\n") ==
        "app.conf:2: web.pin: the (secret) value is not accepted; an integer within its limits is "
        "expected");
}

TEST_CASE("a file cut off in the middle of a reference is an error") {
  CHECK(error_of("[web]\nhost = ${web.mo") ==
        "app.conf:2: web.host: \"${\" is not closed by \"}\"; write $$ for a dollar sign");
}

TEST_CASE("bad syntax is told with its line") {
  CHECK(error_of("[web]\nworkers = 1\n[web]\n") ==
        "app.conf:3: section [web] was there at line 1 already; join the two");
  CHECK(
      error_of("[web]\nwork") ==
      "app.conf:2: \"work\" has neither \"=\" nor \":\"; write NAME = VALUE (the file ends within "
      "this line: is it cut off?)");
}

TEST_CASE("a file cannot name further files") {
  CHECK(error_of("[DEFAULT]\nconfig_file = b.conf\n") ==
        "app.conf:2: config_file: a file cannot name further files; use the command line");
}

TEST_CASE("what cannot be read as a file is told without a line") {
  const TemporaryDirectory files;
  CHECK(error_of({"--config-file", files.file("none.conf")}, {}) ==
        files.file("none.conf") + ": cannot be read: No such file or directory");
  CHECK(error_of({"--config-file", files.path()}, {}) ==
        files.path() + ": is a directory; --config-dir reads all *.conf files of one");
  CHECK(error_of({"--config-dir", files.file("none")}, {}) ==
        files.file("none") + ": cannot be read: No such file or directory");
  files.write("large.conf", std::string(5 * 1024 * 1024, '#'));
  CHECK(error_of({"--config-file", files.file("large.conf")}, {}) ==
        files.file("large.conf") + ": cannot be read: it is larger than 4 MiB");
}

TEST_CASE("errors of other sources begin with what the operator wrote") {
  CHECK(error_of({}, {"THANE_WEB__WORKERS=0"}) ==
        "environment THANE_WEB__WORKERS: 0 is below the minimum of 1");
  CHECK(error_of({"--web-workers=0"}, {}) == "--web-workers: 0 is below the minimum of 1");
}

TEST_CASE("a wrong value that a stronger source replaces does no harm") {
  CHECK(error_of({"--web-workers=3"}, {"THANE_WEB__WORKERS=0"}) == "");
}

TEST_CASE("a deprecated name counts, with a warning that has the new one") {
  CHECK(warnings_of("[web]\nnum = 3\nshutdown_time = 5\n") ==
        Strings{"app.conf:2: web.num is deprecated; write web.workers",
                "app.conf:3: web.shutdown_time is deprecated; write grace"});
  CHECK(warnings_of("", {"THANE_WEB__NUM=3"}) ==
        Strings{"environment THANE_WEB__NUM: is deprecated; set THANE_WEB__WORKERS"});
  CHECK(warnings_of("", {}, {"--web-num", "3"}) ==
        Strings{"--web-num: is deprecated; use --web-workers"});
  CHECK(Config::parse({"--web-num", "3"}, strict_groups()).get<int>("web.workers") == 3);
}

TEST_CASE("a key that is set twice counts with its last value and a warning") {
  CHECK(warnings_of("[web]\nworkers = 1\nworkers = 2\n") ==
        Strings{"app.conf:3: web.workers is set again; the value of line 2 does not count"});
}

TEST_CASE("an unknown variable is a warning only: it may be meant for another program") {
  CHECK(warnings_of("", {"THANE_WEB__WORKRES=1", "THANE_ZOO=1", "PATH=/bin"}) ==
        Strings{"environment THANE_WEB__WORKRES: no such option; did you mean THANE_WEB__WORKERS?",
                "environment THANE_ZOO: no such option"});
}

}  // namespace
