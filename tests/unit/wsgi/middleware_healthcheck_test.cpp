#include <thane/wsgi/middleware/healthcheck.hpp>

#include <doctest/doctest.h>

#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <thane/internal/worker_slot.hpp>

#include "made_request.hpp"
#include "middleware/accept.hpp"
#include "support/captured_log.hpp"
#include "support/temporary_directory.hpp"

using nlohmann::json;
using thane::internal::own_slot;
using thane::internal::WorkerState;
using thane::testing::CapturedLog;
using thane::testing::MadeRequest;
using thane::testing::TemporaryDirectory;
using thane::wsgi::healthcheck;
using thane::wsgi::healthcheck_app;
using thane::wsgi::HealthcheckOptions;
using thane::wsgi::HealthResult;
using thane::wsgi::Request;
using thane::wsgi::Response;
using thane::wsgi::internal::media_quality;

namespace {

struct Health {
  HealthcheckOptions options;
  TemporaryDirectory directory;
  std::string file = directory.file("disabled");
  bool ending = false;
  std::string port = "8080";

  Response ask(std::string_view target, std::string_view fields = "",
               std::string_view method = "GET") {
    MadeRequest request{method, target, fields};
    request.surroundings().ending = &ending;
    request.surroundings().server_port = port;
    return healthcheck(options)([](Request&) { return Response{299}; })(*request);
  }
  std::string text(std::string_view target) {
    const auto answer = ask(target);
    return std::to_string(answer.status()) + " " + answer.body();
  }
  void disable() const { std::ofstream{file} << "off"; }
};

constexpr const char* as_json = "Accept: application/json\r\n";

TEST_CASE_FIXTURE(Health, "the filter answers at its path, and leaves all others") {
  CHECK(text("/healthcheck") == "200 ");
  CHECK(ask("/healthcheck/x").status() == 299);
  CHECK(ask("/").status() == 299);
  options.path = "/health";
  CHECK(text("/health?x") == "200 ");
  CHECK(ask("/healthcheck").status() == 299);
}

TEST_CASE_FIXTURE(Health, "the paths count from the root, wherever the filter is mounted") {
  MadeRequest request{"GET", "/v2/healthcheck"};
  request->shift_path(3);
  CHECK(healthcheck()([](Request&) { return Response{299}; })(*request).status() == 299);
  options.path = "/v2/healthcheck";
  CHECK(healthcheck(options)([](Request&) { return Response{299}; })(*request).status() == 200);
  request->set_script_name("/v3");
  CHECK(healthcheck(options)([](Request&) { return Response{299}; })(*request).status() == 299);
}

TEST_CASE_FIXTURE(Health, "disable_by_file makes it unavailable while the file exists") {
  options.backends = {"disable_by_file"};
  options.disable_by_file_path = file;
  CHECK(text("/healthcheck") == "200 OK");
  CHECK(text("/readyz") == "200 OK");
  CHECK(ask("/healthcheck", "", "HEAD").status() == 204);
  disable();
  CHECK(text("/healthcheck") == "503 DISABLED BY FILE");
  CHECK(text("/readyz") == "503 DISABLED BY FILE");
  CHECK(text("/healthz") == "200 OK");
  CHECK(ask("/healthcheck", "", "HEAD").status() == 503);
}

TEST_CASE_FIXTURE(Health, "disable_by_files_ports looks at the file of the server's port") {
  options.backends = {"disable_by_files_ports"};
  options.disable_by_file_paths = {"8080:" + file, "9090:/nowhere"};
  disable();
  CHECK(text("/healthcheck") == "503 DISABLED BY FILE");
  port = "9090";
  CHECK(text("/healthcheck") == "200 OK");
  port = "1";
  CHECK(text("/healthcheck") == "200 OK");
  for (const std::string wrong : {"8080", "8080:", "x:/a", ":/a", "80 :/a"}) {
    CAPTURE(wrong);
    options.disable_by_file_paths = {wrong};
    CHECK_THROWS_AS((void)healthcheck(options), std::invalid_argument);
  }
}

TEST_CASE_FIXTURE(Health, "the body is JSON for who would rather have it") {
  options.backends = {"disable_by_file"};
  options.disable_by_file_path = file;
  CHECK(json::parse(ask("/healthcheck", as_json).body()) ==
        json{{"detailed", false}, {"reasons", {"OK"}}});
  options.detailed = true;
  const auto answer = ask("/healthcheck", as_json);
  CHECK(answer.header("Content-Type") == "application/json");
  const auto body = json::parse(answer.body());
  CHECK(body["detailed"] == true);
  CHECK(body["reasons"][0]["details"] == "Path '" + file + "' was not found");
  CHECK(body.contains("platform"));
  CHECK(ask("/healthcheck", "Accept: text/html, */*;q=0.5\r\n").body() == "OK");
}

TEST_CASE_FIXTURE(Health, "a program's own checks are asked in order; one that throws is a no") {
  const CapturedLog log;
  options.checks["database"] = [](const Request&) { return HealthResult{false, "NO DATABASE"}; };
  options.checks["broken"] = [](const Request&) -> HealthResult {
    throw std::runtime_error{"cannot look"};
  };
  options.backends = {"broken", "database"};
  CHECK(text("/healthcheck") == "503 CHECK FAILED\nNO DATABASE");
  CHECK(log.count("cannot look") == 1);
  options.backends = {"databases"};
  CHECK_THROWS_WITH_AS((void)healthcheck(options),
                       "backends: there is no check \"databases\" of the health",
                       std::invalid_argument);
}

TEST_CASE_FIXTURE(Health, "while the server stops for good all but /healthz say 503") {
  ending = true;
  CHECK(text("/readyz") == "503 STOPPING");
  CHECK(text("/healthcheck") == "503 STOPPING");
  CHECK(text("/healthz") == "200 OK");
}

TEST_CASE_FIXTURE(Health, "/readyz says 503 until all services of the process have started") {
  CHECK(text("/readyz") == "200 OK");  // Without a launcher.
  own_slot().state = WorkerState::starting;
  CHECK(text("/readyz") == "503 STARTING");
  CHECK(text("/healthcheck") == "200 ");
  own_slot().state = WorkerState::draining;  // It is replaced: others serve on, and so does this.
  CHECK(text("/readyz") == "200 OK");
  own_slot().state = WorkerState::none;
}

TEST_CASE_FIXTURE(Health, "empty paths are none") {
  options.healthz_path = options.readyz_path = "";
  CHECK(ask("/healthz").status() == 299);
  CHECK(ask("/readyz").status() == 299);
}

TEST_CASE_FIXTURE(Health, "the application answers wherever it is mounted") {
  ending = true;
  const auto status = [&](std::string_view target, std::size_t mount) {
    MadeRequest request{"GET", target};
    request.surroundings().ending = &ending;
    request->shift_path(mount);
    return healthcheck_app(options)(*request).status();
  };
  CHECK(status("/anything", 9) == 503);
  CHECK(status("/healthz", 8) == 200);
  CHECK(status("/readyz", 0) == 503);
}

TEST_CASE("of the ranges of Accept the most exact counts, with its weight") {
  CHECK(media_quality("*/*", "text/plain") == 1000);
  CHECK(media_quality("text/*;q=0.25, */*", "text/plain") == 250);
  CHECK(media_quality("text/plain;q=0, text/*", "text/plain") == 0);
  CHECK(media_quality("TEXT/plain;charset=utf-8 ; Q=0.123", "text/plain") == 123);
  CHECK(media_quality("application/json", "text/plain") == 0);
  CHECK(media_quality("text/*", "application/json") == 0);
  CHECK(media_quality("", "text/plain") == 0);
}

}  // namespace
