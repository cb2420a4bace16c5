// The stores that need no server: each keeps the promises of all, and says what a wrong URL lacks.
#include <doctest/doctest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thane/config.hpp>
#include <thane/fiber.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/servicegroup.hpp>
#include <thane/thread_group.hpp>
#include <thane/timeout.hpp>
#include <vector>

#include "sqlite/sqlite_file.hpp"
#include "support/captured_log.hpp"
#include "support/store_contract.hpp"
#include "support/temporary_directory.hpp"

namespace servicegroup = thane::servicegroup;
using namespace std::chrono_literals;
using servicegroup::InvalidConnectionUrl;
using servicegroup::make_store;
using servicegroup::StoreError;

namespace {

void on_loop(const std::function<void()>& body) {
  thane::FiberLoop loop;
  loop.run(body);
}

TEST_CASE("records in memory are made, kept fresh, changed and removed") {
  on_loop([] { thane::testing::check_store_contract(*make_store("memory://")); });
}

TEST_CASE("records in a SQLite file are made, kept fresh, changed and removed") {
  const thane::testing::TemporaryDirectory directory;
  const auto store = make_store("sqlite:///" + directory.file("services.sqlite"));
  on_loop([&] { thane::testing::check_store_contract(*store); });
}

TEST_CASE("a SQLite file is shared by all that open it, and outlives them") {
  const thane::testing::TemporaryDirectory directory;
  const std::string url = "sqlite:///" + directory.file("services.sqlite");
  on_loop([&] {
    const auto first = make_store(url);
    const auto second = make_store(url);
    first->join({.host = "h", .binary = "b"}, {});
    CHECK(second->report("h", "b"));
    CHECK(first->list({}).front().report_count == 1);
  });
  on_loop([&] { CHECK(make_store(url)->list({}).size() == 1); });
}

TEST_CASE("a SQLite file that is removed is made anew, and one that cannot be is an error") {
  const thane::testing::TemporaryDirectory directory;
  const std::string folder = directory.file("gone");
  std::filesystem::create_directory(folder);
  const auto store = make_store("sqlite:///" + folder + "/services.sqlite");
  on_loop([&] {
    store->join({.host = "h", .binary = "b"}, {});
    std::filesystem::remove_all(folder);
    CHECK_THROWS_AS((void)store->report("h", "b"), StoreError);
    std::filesystem::create_directory(folder);
    CHECK_FALSE(store->report("h", "b"));
    store->join({.host = "h", .binary = "b"}, {});
    CHECK(store->report("h", "b"));
  });
}

TEST_CASE("a file that is no database is an error, and is left alone") {
  const thane::testing::TemporaryDirectory directory;
  const std::string text(1000, 'x');
  const std::string file = directory.write("services.sqlite", text);
  on_loop([&] { CHECK_THROWS_AS((void)make_store("sqlite:///" + file)->list({}), StoreError); });
  CHECK(std::filesystem::file_size(file) == text.size());
}

TEST_CASE("a file that another process has locked is an error that names it") {
  const thane::testing::TemporaryDirectory directory;
  const std::string file = directory.file("services.sqlite");
  on_loop([&] {
    const auto store = make_store("sqlite:///" + file, {.timeout = 400ms});
    store->join({.host = "h", .binary = "b"}, {});
    servicegroup::internal::SqliteFile other{file, "SELECT 1", 1s};
    other.run("BEGIN IMMEDIATE", {});
    CHECK_THROWS_WITH_AS((void)store->report("h", "b"), (file + ": database is locked").c_str(),
                         StoreError);
    const thane::Fiber first = thane::FiberLoop::current().spawn(
        [&] { CHECK_THROWS_AS((void)store->report("h", "b"), StoreError); });
    thane::this_fiber::yield();
    const auto in_a_hurry = [&] {  // It does not even come to its turn.
      const thane::Timeout limit{20ms};
      (void)store->report("h", "b");
    };
    CHECK_THROWS_AS(in_a_hurry(), thane::timeout_error);
    first.wait();
    other.run("COMMIT", {});
    CHECK(store->report("h", "b"));
  });
}

TEST_CASE("fibers that use one store at the same time wait for each other") {
  const thane::testing::TemporaryDirectory directory;
  const auto store = make_store("sqlite:///" + directory.file("services.sqlite"));
  on_loop([&] {
    store->join({.host = "h", .binary = "b"}, {});
    thane::ThreadGroup fibers;
    for (int i = 0; i < 8; ++i) {
      fibers.spawn([&] {
        for (int k = 0; k < 10; ++k) CHECK(store->report("h", "b"));
      });
    }
    fibers.wait();
    CHECK(store->list({}).front().report_count == 80);
  });
}

TEST_CASE("a table that somebody has put other things into is an error") {
  const thane::testing::TemporaryDirectory directory;
  const std::string file = directory.file("services.sqlite");
  on_loop([&] {
    const auto store = make_store("sqlite:///" + file);
    store->join({.host = "h", .binary = "b"}, {});
    servicegroup::internal::SqliteFile{file, "SELECT 1", 1s}.run(
        "UPDATE thane_services SET report_count = '7 or so'", {});
    CHECK_THROWS_WITH_AS((void)store->list({}),
                         "the table of services has \"7 or so\" where a number belongs",
                         StoreError);
  });
}

TEST_CASE("a connection that names no store is refused when the store is made") {
  for (const char* url : {"", "sqlite", "mysql://h/d", "sqlite://host/file", "sqlite:///",
                          "sqlite:///f?mode=ro", "memory://x", "postgresql://h/d?no_such=1",
                          "postgresql://[::1/d", "postgresql://u:secret@[::1/d",
                          "postgresql://u:secret%zz@h/d", "postgres://u@h?password=secret%zz"}) {
    INFO(url);
    try {
      (void)make_store(std::string{url});
      FAIL("taken");
    } catch (const InvalidConnectionUrl& error) {
      const std::string text = error.what();
      CHECK(text.starts_with("connection: "));
      CHECK(text.find("secret") == std::string::npos);
    }
  }
  for (const char* url : {"sqlite://", "sqlite:///f", "sqlite+pysqlite:////tmp/f", "memory://",
                          "postgresql://u:p@h1:1,h2:2/d?sslmode=require",
                          "postgresql+psycopg2:///d?host=/run/postgresql"}) {
    INFO(url);
    CHECK_NOTHROW((void)make_store(std::string{url}));
  }
}

TEST_CASE("files of TLS that cannot be read are named when the store is made") {
  const thane::testing::TemporaryDirectory directory;
  const std::string there = directory.write("there.pem", "");
  for (const char* option : {"sslrootcert", "sslcert", "sslkey", "sslcrl"}) {
    INFO(option);
    const auto url = [&](const std::string& file) {
      return std::string{"postgresql://u:secret@h/d?password=secret&"} + option + "=" + file;
    };
    CHECK_NOTHROW((void)make_store(url(there)));
    CHECK_THROWS_WITH_AS(
        (void)make_store(url("/no/such.pem")),
        (std::string{"connection: "} + option + ": /no/such.pem: No such file or directory")
            .c_str(),
        InvalidConnectionUrl);
  }
}

thane::Config configured(const std::vector<std::string>& arguments) {
  return thane::Config::parse(arguments,
                              {servicegroup::options(), servicegroup::database_options()});
}

TEST_CASE("options have nova's names and defaults") {
  const auto settings = servicegroup::Settings::from(configured({}));
  CHECK(settings.report_interval == 10s);
  CHECK(settings.service_down_time == 60s);
  CHECK(settings.enable_new_services);
}

TEST_CASE("a service_down_time that is no longer than report_interval becomes 2.5 times as long") {
  const thane::testing::CapturedLog log;
  const auto settings = servicegroup::Settings::from(
      configured({"--report-interval", "60", "--service-down-time", "60"}));
  CHECK(settings.service_down_time == 150s);
  CHECK(log.count("report interval must be less than service down time") == 1);
  (void)servicegroup::Settings::from(configured({"--report-interval", "59"}));
  CHECK(log.count("report interval must be less than service down time") == 1);
}

}  // namespace
