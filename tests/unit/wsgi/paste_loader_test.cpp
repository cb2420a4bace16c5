// The public functions, on a file on disk.
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <thane/wsgi/loader.hpp>

#include "support/temporary_directory.hpp"

namespace wsgi = thane::wsgi;
using wsgi::Settings;

namespace {

struct OnDisk {
  OnDisk() {
    folder.write("paste.ini",
                 "[pipeline:main]\npipeline = count app\n[app:app]\nuse = egg:shop#app\n"
                 "status = 204\n[filter:count]\nuse = egg:shop#count\n"
                 "[server:main]\nuse = egg:shop#server\n");
    registry.add_app("egg:shop#app", [](const Settings&, const Settings& local_conf) {
      const auto status = static_cast<int>(local_conf.get_integer("status", 200));
      return [status](wsgi::Request&) { return wsgi::Response{status}; };
    });
    registry.add_filter("egg:shop#count", [this](const Settings&, const Settings&) {
      return [this](wsgi::Application next) {
        ++filtered;
        return next;
      };
    });
  }

  thane::testing::TemporaryDirectory folder;
  wsgi::Registry registry;
  int filtered = 0;
  wsgi::LoadOptions options{.relative_to = folder.path()};
};

TEST_CASE_FIXTURE(OnDisk, "load_app, load_filter and app_config read a file") {
  CHECK(wsgi::load_app(registry, "config:paste.ini", {}, options) != nullptr);
  CHECK(filtered == 1);
  const auto filter = wsgi::load_filter(registry, "config:paste.ini#count", {}, options);
  CHECK(filter(wsgi::load_app(registry, "config:paste.ini", "app", options)) != nullptr);
  CHECK(filtered == 2);
  options.global_conf.set("debug", "1");
  const auto config = wsgi::app_config(registry, "config:paste.ini", "app", options);
  CHECK(config.local_conf == Settings{{"status", "204"}});
  CHECK(config.global_conf.get("__file__") == folder.file("paste.ini"));
  CHECK(config.merged().get("debug") == "1");
}

TEST_CASE_FIXTURE(OnDisk, "load_server gives what makes the service for an application") {
  bool given = false;
  registry.add_server("egg:shop#server", [&](const Settings&, const Settings&) {
    return [&](const wsgi::Application& application) {
      given = application != nullptr;
      return std::unique_ptr<thane::ServiceBase>{};
    };
  });
  const auto make = wsgi::load_server(registry, "config:paste.ini", {}, options);
  (void)make(wsgi::load_app(registry, "config:paste.ini", {}, options));
  CHECK(given);
}

TEST_CASE_FIXTURE(OnDisk, "what cannot be read is an error that says why") {
  for (const char* uri : {"config:none.ini", "config:.", "config:paste.ini/x"}) {
    try {
      (void)wsgi::load_app(registry, uri, {}, options);
      FAIL("nothing was thrown");
    } catch (const wsgi::load_error& error) {
      CHECK(error.category() == wsgi::load_error::Category::missing_file);
      CHECK(wsgi::to_string(error.category()) == "missing-file");
    }
  }
}

TEST_CASE("a load_error is one line, whatever names are in it") {
  const wsgi::load_error error{wsgi::load_error::Category::parse, {}, "a\nb\tc\x7f"};
  CHECK(std::string{error.what()} == "a b c ");
}

}  // namespace
