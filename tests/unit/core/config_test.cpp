#include <thane/config.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/temporary_directory.hpp"

namespace {

using namespace std::chrono_literals;
using thane::Config;
using thane::Opt;
using thane::OptGroup;
using thane::testing::TemporaryDirectory;
using Strings = std::vector<std::string>;

std::vector<OptGroup> groups() {
  return {{"web",
           {Opt<int>{.name = "workers", .default_value = 2, .min = 1, .max = 64},
            Opt<std::string>{
                .name = "host", .default_value = "localhost", .change = thane::Change::at_run_time},
            Opt<Strings>{.name = "paths", .default_value = {"/"}}}},
          {"", {Opt<std::chrono::seconds>{.name = "grace", .default_value = 60s}}}};
}

TEST_CASE("an option that no source mentions has its default") {
  const auto config = Config::parse({}, groups());
  CHECK(config.get<int>("web.workers") == 2);
  CHECK(config.get<std::string>("web.host") == "localhost");
  CHECK(config.get<Strings>("web.paths") == Strings{"/"});
  CHECK(config.get<std::chrono::seconds>("grace") == 60s);
}

TEST_CASE("each source is stronger than the one before it") {
  const TemporaryDirectory files;
  files.write("a.conf", "[web]\nhost = dir a\n");
  const Strings directory{"--config-dir", files.path()};
  const auto host_with = [&](Strings arguments, const Strings& environment) {
    return Config::parse(arguments, groups(), environment).get<std::string>("web.host");
  };
  CHECK(host_with({}, {}) == "localhost");
  CHECK(host_with(directory, {}) == "dir a");

  files.write("b.conf", "[web]\nhost = dir b\n");
  files.write(".hidden.conf", "not read");
  files.write("z.conf.orig", "not read");
  CHECK(host_with(directory, {}) == "dir b");

  const TemporaryDirectory other;
  Strings arguments = directory;
  arguments.insert(arguments.begin(),
                   {"--config-file", other.write("1.ini", "[web]\nhost = file 1\n")});
  CHECK(host_with(arguments, {}) == "file 1");
  arguments.insert(arguments.end(),
                   {"--config-file", other.write("2.ini", "[web]\nhost = file 2\n")});
  CHECK(host_with(arguments, {}) == "file 2");
  CHECK(host_with(arguments, {"THANE_WEB__HOST=variable"}) == "variable");
  arguments.emplace_back("--web-host=argument");
  CHECK(host_with(arguments, {"THANE_WEB__HOST=variable"}) == "argument");
}

TEST_CASE("a stronger source leaves alone what it does not mention") {
  const TemporaryDirectory files;
  const auto file = files.write("a.conf", "[web]\nhost = h\nworkers = 3\n[DEFAULT]\ngrace = 2m\n");
  const auto config =
      Config::parse({"--config-file", file, "--web-workers", "5"}, groups(), {"THANE_GRACE=7"});
  CHECK(config.get<std::string>("web.host") == "h");
  CHECK(config.get<int>("web.workers") == 5);
  CHECK(config.get<std::chrono::seconds>("grace") == 7s);
}

TEST_CASE("a list is all that its strongest source says") {
  const TemporaryDirectory files;
  const auto one = files.write("1.conf", "[web]\npaths = /a\npaths = /b, /c\n");
  const auto two = files.write("2.conf", "[web]\npaths = /d\n");
  const auto paths = [&](const Strings& arguments, const Strings& environment = {}) {
    return Config::parse(arguments, groups(), environment).get<Strings>("web.paths");
  };
  CHECK(paths({"--config-file", one}) == Strings{"/a", "/b", "/c"});
  CHECK(paths({"--config-file", one, "--config-file", two}) == Strings{"/d"});
  CHECK(paths({"--config-file", one}, {"THANE_WEB__PATHS=/x,/y"}) == Strings{"/x", "/y"});
  CHECK(paths({"--web-paths=/1", "--web-paths=/2"}) == Strings{"/1", "/2"});
}

TEST_CASE("the files may be named by the environment") {
  const TemporaryDirectory files;
  const auto file = files.write("a.conf", "[web]\nworkers = 3\n");
  const auto config = Config::parse({}, groups(), {"THANE_CONFIG_FILE=" + file});
  CHECK(config.get<int>("web.workers") == 3);
}

TEST_CASE("a name or a type that is not registered is a bug of the program") {
  const auto config = Config::parse({}, groups());
  CHECK_THROWS_WITH_AS((void)config.get<int>("web.wrokers"), "option web.wrokers is not registered",
                       std::out_of_range);
  CHECK_THROWS_WITH_AS((void)config.get<bool>("web.workers"),
                       "option web.workers is read as a wrong type; it is an integer",
                       std::invalid_argument);
}

TEST_CASE("a duration can be read in a finer unit, not in a coarser one") {
  const std::vector<OptGroup> durations{
      {"",
       {Opt<std::chrono::seconds>{.name = "long", .default_value = 60s},
        Opt<std::chrono::milliseconds>{.name = "short", .default_value = 500ms}}}};
  const auto config = Config::parse({}, durations);
  CHECK(config.get<std::chrono::milliseconds>("long") == 60s);
  CHECK(config.get<thane::Duration>("long") == 60s);
  CHECK(config.get<thane::Duration>("short") == 500ms);
  CHECK_THROWS_AS((void)config.get<std::chrono::seconds>("short"), std::invalid_argument);
}

TEST_CASE("two options of one name are a bug of the program") {
  const Opt<int> port{.name = "port"};
  const auto refused = [](const std::vector<OptGroup>& wrong) {
    CHECK_THROWS_AS((void)Config::parse({}, wrong), std::logic_error);
  };
  refused({{"web", {port, port}}});
  refused({{"", {port}}, {"DEFAULT", {port}}});
  refused({{"web", {port}}, {"", {Opt<int>{.name = "web_port"}}}});  // Both are --web-port.
  refused({{"", {port, Opt<int>{.name = "p", .deprecated_name = "port"}}}});
  refused({{"", {Opt<bool>{.name = "tls"}, Opt<int>{.name = "notls"}}}});
  refused({{"", {Opt<int>{.name = "notls"}, Opt<bool>{.name = "tls"}}}});
  refused({{"", {Opt<bool>{.name = "help"}}}});
  refused({{"", {Opt<bool>{.name = "config_file"}}}});
  refused({{"", {Opt<int>{.name = "two words"}}}});
  refused({{"", {Opt<int>{.name = ""}}}});
}

TEST_CASE("a default has to be within its own limits") {
  CHECK_THROWS_WITH_AS((void)Config::parse({}, {{"", {Opt<int>{.name = "n", .min = 1}}}}),
                       "option n: the default is wrong: 0 is below the minimum of 1",
                       std::logic_error);
}

TEST_CASE("load reads the files again and changes nothing until install") {
  const TemporaryDirectory files;
  const auto file = files.write("a.conf", "[web]\nworkers = 3\n");
  Config config = Config::parse({"--config-file", file}, groups());
  const Config copy = config;
  const auto before = config.snapshot();

  files.write("a.conf", "[web]\nworkers = 4\n");
  const auto next = config.load();
  CHECK(next->get<int>("web.workers") == 4);
  CHECK(config.get<int>("web.workers") == 3);

  config.install(next);
  CHECK(config.get<int>("web.workers") == 4);
  CHECK(copy.get<int>("web.workers") == 4);
  CHECK(before->get<int>("web.workers") == 3);
}

TEST_CASE("a broken file at load is an error and changes nothing") {
  const TemporaryDirectory files;
  const auto file = files.write("a.conf", "[web]\nworkers = 3\n");
  const Config config = Config::parse({"--config-file", file}, groups());
  files.write("a.conf", "[web]\nworkers = 0\n");
  CHECK_THROWS_WITH_AS((void)config.load(),
                       (file + ":2: web.workers: 0 is below the minimum of 1").c_str(),
                       thane::config_error);
  files.remove("a.conf");
  CHECK_THROWS_WITH_AS((void)config.load(),
                       (file + ": cannot be read: No such file or directory").c_str(),
                       thane::config_error);
  CHECK(config.get<int>("web.workers") == 3);
}

TEST_CASE("mutate takes up what may change at run time and reports the rest") {
  const TemporaryDirectory files;
  const auto file = files.write("a.conf", "[web]\nworkers = 3\nhost = one\n");
  Config config = Config::parse({"--config-file", file}, groups());

  files.write("a.conf", "[web]\nworkers = 4\nhost = two\n");
  const auto changes = config.mutate(config.load());
  CHECK(changes == std::vector<Config::Change>{{"web.workers", "3", "4", false},
                                               {"web.host", "one", "two", true}});
  CHECK(config.get<std::string>("web.host") == "two");
  CHECK(config.get<int>("web.workers") == 3);
}

TEST_CASE("mutate without a difference changes nothing") {
  Config config = Config::parse({}, groups());
  CHECK(config.mutate(config.load()).empty());
}

TEST_CASE("a value that was removed from the file falls back to its default") {
  const TemporaryDirectory files;
  const auto file = files.write("a.conf", "[web]\nhost = one\n");
  Config config = Config::parse({"--config-file", file}, groups());
  files.write("a.conf", "");
  config.mutate(config.load());
  CHECK(config.get<std::string>("web.host") == "localhost");
}

TEST_CASE("a change of a secret does not tell it") {
  const std::vector<OptGroup> secret{
      {"", {Opt<std::string>{.name = "password", .secrecy = thane::Secrecy::secret}}}};
  const TemporaryDirectory files;
  const auto file = files.write("a.conf", "[DEFAULT]\npassword = one\n");
  Config config = Config::parse({"--config-file", file}, secret);
  files.write("a.conf", "[DEFAULT]\npassword = two\n");
  CHECK(config.mutate(config.load()) ==
        std::vector<Config::Change>{{"password", "***", "***", false}});
}

TEST_CASE("a program's own source is stronger than defaults alone, and is read at each load") {
  std::string host = "first";
  const auto own = [&host]() -> std::vector<Config::Value> {
    return {{"web.host", host, "there"}, {"web.workers", "9", "there"}};
  };
  const auto config = Config::parse({"--web-workers", "3"}, groups(), {}, own);
  CHECK(config.get<std::string>("web.host") == "first");
  CHECK(config.get<int>("web.workers") == 3);
  host = "second";
  CHECK(config.load()->get<std::string>("web.host") == "second");
  CHECK(config.get<std::string>("web.host") == "first");
}

TEST_CASE("what is wrong in a program's own source is told with its origin") {
  const auto read = [](const char* name, const char* text) {
    const Config::Value value{name, text, "proxy.conf"};
    return Config::parse({}, groups(), {}, [value] { return std::vector{value}; });
  };
  CHECK_THROWS_WITH_AS(read("web.workers", "0"),
                       "proxy.conf: web.workers: 0 is below the minimum of 1", thane::config_error);
  CHECK_THROWS_WITH_AS(read("web.prot", "0"),
                       "proxy.conf: \"web.prot\" is no option that may be set here",
                       thane::config_error);
  CHECK_THROWS_AS(read("config_file", "a.conf"), thane::config_error);
}

TEST_CASE("a snapshot is consistent while other threads install new ones") {
  const std::vector<OptGroup> pair{{"", {Opt<int>{.name = "a"}, Opt<int>{.name = "b"}}}};
  const TemporaryDirectory files;
  const auto file = files.write("a.conf", "[DEFAULT]\na = 1\nb = 1\n");
  Config config = Config::parse({"--config-file", file}, pair);
  const auto ones = config.snapshot();
  files.write("a.conf", "[DEFAULT]\na = 2\nb = 2\n");
  const auto twos = config.load();

  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (int i = 0; i < 2000; ++i) {
      config.install(i % 2 == 0 ? twos : ones);
    }
    stop = true;
  });
  bool consistent = true;
  while (!stop) {
    const auto values = config.snapshot();
    consistent = consistent && values->get<int>("a") == values->get<int>("b");
  }
  writer.join();
  CHECK(consistent);
}

}  // namespace
