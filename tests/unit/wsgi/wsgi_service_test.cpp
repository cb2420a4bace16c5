// What a WSGIService is made of, before it binds: its options, its file, its application.
#include <thane/wsgi/wsgi_service.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include <thane/log_options.hpp>
#include <thane/wsgi/server_options.hpp>

#include "service/api_options.hpp"
#include "service/paste_file.hpp"
#include "support/captured_log.hpp"
#include "support/temporary_directory.hpp"

using thane::Config;
using thane::testing::TemporaryDirectory;
using thane::wsgi::app_not_found_error;
using thane::wsgi::load_api;
using thane::wsgi::load_error;
using thane::wsgi::Registry;
using thane::wsgi::Settings;

namespace {

Registry make_registry(const Config&) {
  Registry registry;
  registry.add_app("egg:shop#api", [](const Settings&, const Settings&) {
    return [](thane::wsgi::Request&) { return thane::wsgi::Response{204}; };
  });
  return registry;
}

struct Shop {
  TemporaryDirectory files;
  std::string paste = files.write("api-paste.ini",
                                  "[app:volume]\nuse = egg:shop#api\n"
                                  "[app:broken]\nuse = egg:shop#none\n"
                                  "[app:composed]\nuse = gone\n");
  std::vector<thane::OptGroup> groups{
      thane::wsgi::api_server_options(),
      thane::wsgi::api_options({{"volume", 8776}, {"broken"}, {"gone"}}, make_registry)};

  [[nodiscard]] Config parse(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--config-file", files.write("shop.conf", "")});
    return Config::parse(arguments, groups);
  }
  [[nodiscard]] std::string error_of(const Config& config, const std::string& name) const {
    try {
      (void)load_api(config, make_registry(config), name);
    } catch (const load_error& error) {
      return error.what();
    }
    return "none";
  }
  void check(const Config& config) const { groups[1].check(config); }
};

TEST_CASE_FIXTURE(Shop, "an API has its address by its name, and all else in common") {
  const auto config = parse({"--volume-listen", "127.0.0.2", "--enabled-ssl-apis", "broken",
                             "--wsgi-backlog", "7", "--wsgi-cert-file", "c.pem"});
  const auto volume = thane::wsgi::internal::api_server_options_from(*config.snapshot(), "volume");
  CHECK(volume.host == "127.0.0.2");
  CHECK(volume.port == 8776);
  CHECK(volume.backlog == 7);
  CHECK_FALSE(volume.use_ssl);
  const auto broken = thane::wsgi::internal::api_server_options_from(*config.snapshot(), "broken");
  CHECK(broken.host == "0.0.0.0");
  CHECK(broken.port == 0);
  CHECK(broken.use_ssl);
  CHECK(broken.cert_file == "c.pem");
}

TEST_CASE_FIXTURE(Shop, "an API has as many workers as CPUs, and less than one is an error") {
  CHECK(parse({}).get<int>("volume_workers") >= 1);
  CHECK_THROWS_WITH_AS(parse({"--volume-workers", "0"}),
                       "--volume-workers: 0 is below the minimum of 1", thane::config_error);
}

TEST_CASE_FIXTURE(Shop, "an API listens on a port, or on one that the kernel chooses") {
  CHECK(parse({"--volume-listen-port", "0"}).get<int>("volume_listen_port") == 0);
  CHECK(parse({"--volume-listen-port", "65535"}).get<int>("volume_listen_port") == 65535);
  for (const char* none : {"65536", "-1"}) {
    CHECK_THROWS_AS(parse({"--volume-listen-port", none}), thane::config_error);
  }
}

TEST_CASE_FIXTURE(Shop, "the Paste file is looked for beside the configuration") {
  CHECK(load_api(parse({}), make_registry(parse({})), "volume") != nullptr);
  CHECK(error_of(parse({"--api-paste-config", paste}), "volume") == "none");
  const std::string lost = error_of(parse({"--api-paste-config", "lost.ini"}), "volume");
  CHECK(lost.find("Could not find config at lost.ini; looked in " + files.path() + ", ") == 0);
  CHECK(error_of(parse({"--api-paste-config", "/lost.ini"}), "volume") ==
        "Could not find config at /lost.ini (option api_paste_config)");
}

TEST_CASE_FIXTURE(Shop,
                  "an application that the file does not have is told from one that is broken") {
  const auto config = parse({});
  const auto registry = make_registry(config);
  CHECK_THROWS_AS((void)load_api(config, registry, "gone"), app_not_found_error);
  CHECK(error_of(config, "gone").find("Could not load paste app \"gone\" from " + paste) == 0);
  for (const char* name : {"broken", "composed"}) {
    try {
      (void)load_api(config, registry, name);
      FAIL("loaded");
    } catch (const load_error& error) {
      CHECK(dynamic_cast<const app_not_found_error*>(&error) == nullptr);
    }
  }
}

TEST_CASE_FIXTURE(Shop, "a check loads what is enabled, and warns of names that nobody has") {
  const thane::testing::CapturedLog log;
  check(parse({"--enabled-apis", "volume", "--enabled-apis", "gone", "--enabled-apis", "vlume"}));
  CHECK(log.count("enabled_apis includes bad values. Fix to remove this warning.") == 2);
  CHECK(log.count("The program has no API \"vlume\"") == 1);
  CHECK_THROWS_AS(check(parse({"--enabled-apis", "volume,broken"})), load_error);
  CHECK_THROWS_WITH_AS(check(parse({"--enabled-apis", "gone"})),
                       "enabled_apis: no API can be started", thane::config_error);
}

TEST_CASE_FIXTURE(Shop, "an API has as many workers as there are CPUs, unless told otherwise") {
  CHECK(parse({}).get<int>("volume_workers") ==
        static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
}

TEST_CASE_FIXTURE(Shop, "the directories of the configuration are looked in one after the other") {
  const TemporaryDirectory first, last, directory, start;
  const auto where = [](const TemporaryDirectory& folder) { return folder.path() + "/here.ini"; };
  const auto config = Config::parse(
      {"--config-file", first.write("a.conf", ""), "--config-file", last.write("b.conf", ""),
       "--config-dir", directory.path(), "--api-paste-config", "here.ini"},
      groups);
  const auto found = [&] {
    return thane::wsgi::internal::find_paste_file(*config.snapshot(), start.path());
  };
  CHECK_THROWS_AS((void)found(), load_error);
  for (const auto* const folder : {&start, &first, &last, &directory}) {
    folder->write("here.ini", "");
    CHECK(found() == where(*folder));
  }
}

TEST_CASE_FIXTURE(Shop, "what an included file does not have is no name that nobody has") {
  files.write("other.ini", "[app:one]\nuse = egg:shop#api\n");
  files.write("api-paste.ini", "[app:volume]\nuse = config:other.ini#two\n");
  const auto config = parse({});
  try {
    (void)load_api(config, make_registry(config), "volume");
    FAIL("loaded");
  } catch (const load_error& error) {
    CHECK(dynamic_cast<const app_not_found_error*>(&error) == nullptr);
  }
}

TEST_CASE_FIXTURE(Shop, "a Paste file may have a name that looks like a part of a URI") {
  const auto odd = files.write("a b#c.ini", "[app:volume]\nuse = egg:shop#api\n");
  CHECK(error_of(parse({"--api-paste-config", odd}), "volume") == "none");
}

}  // namespace
