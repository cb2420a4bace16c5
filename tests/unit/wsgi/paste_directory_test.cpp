// config_dir: all *.conf files of a directory are one Paste file.
#include <doctest/doctest.h>

#include <string>
#include <thane/wsgi/loader.hpp>

#include "support/temporary_directory.hpp"

namespace wsgi = thane::wsgi;
using thane::testing::TemporaryDirectory;
using wsgi::Settings;

namespace {

struct Directory {
  Directory() {
    files.write("10-all.conf",
                "[DEFAULT]\nuser = swift\nplace = %(here)s\n[pipeline:main]\npipeline = app\n"
                "[app:app]\nuse = egg:p#app\nlevel = low\nwhere = %(place)s\n");
    files.write("20-more.conf", "[DEFAULT]\nuser = proxy\n[app:app]\nlevel = high\n");
    files.write(".hidden.conf", "not read");
    files.write("30-more.conf.orig", "not read");
    registry.add_app("egg:p#app", [](const Settings&, const Settings&) -> wsgi::Application {
      return [](wsgi::Request&) { return wsgi::Response{}; };
    });
  }

  wsgi::load_error error_of(const std::string& name = "main") const {
    try {
      (void)wsgi::load_app(registry, uri(), name);
    } catch (const wsgi::load_error& error) {
      return error;
    }
    FAIL("nothing was thrown");
    std::abort();
  }

  [[nodiscard]] std::string uri() const { return "config_dir:" + files.path(); }

  TemporaryDirectory files;
  wsgi::Registry registry;
};

TEST_CASE_FIXTURE(Directory, "a later file of a directory adds to sections and changes values") {
  const auto config = wsgi::app_config(registry, uri(), "app");
  CHECK(config.global_conf.get("user") == "proxy");
  CHECK(config.local_conf.get("level") == "high");
  CHECK(config.local_conf.get("where") == files.path());
  CHECK(config.global_conf.get("__file__") == files.path());
  CHECK(wsgi::load_app(registry, uri()) != nullptr);
}

TEST_CASE_FIXTURE(Directory, "an error names the file of the directory that it stands in") {
  files.write("20-more.conf", "[app:app]\n\nlevel = %(gone)s\n");
  const auto wrong_value = error_of();
  CHECK(wrong_value.file() == files.file("20-more.conf"));
  CHECK(wrong_value.line() == 3);
  files.write("20-more.conf", "[pipeline:main]\npipeline = app\n= 3\n");
  CHECK(error_of().file() == files.file("20-more.conf"));
  files.write("20-more.conf", "[pipeline:main]\npipeline = more app\n");
  const std::string missing = error_of().what();
  CHECK(missing.find(files.file("20-more.conf") + ":2: No section \"more\"") == 0);
}

TEST_CASE_FIXTURE(Directory, "a directory without files, and none at all, are errors") {
  files.remove("10-all.conf");
  files.remove("20-more.conf");
  CHECK(error_of().what() ==
        "the directory " + files.path() + " has no file whose name ends in .conf");
  CHECK(error_of().category() == wsgi::load_error::Category::missing_file);
  CHECK_THROWS_AS((void)wsgi::load_app(registry, "config_dir:/nonexistent"), wsgi::load_error);
}

}  // namespace
