// Parts for what goes wrong: faultwrap, catch_errors, timeouts.
#include <doctest/doctest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <thane/fiber.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/timeout.hpp>
#include <thane/wsgi/middleware/access_log.hpp>
#include <thane/wsgi/middleware/faultwrap.hpp>
#include <thane/wsgi/middleware/timeouts.hpp>

#include "made_request.hpp"
#include "support/captured_log.hpp"

using namespace std::chrono_literals;
using nlohmann::json;
using thane::testing::CapturedLog;
using thane::testing::MadeRequest;
using thane::wsgi::Application;
using thane::wsgi::catch_errors;
using thane::wsgi::fault;
using thane::wsgi::faultwrap;
using thane::wsgi::FaultwrapOptions;
using thane::wsgi::Request;
using thane::wsgi::request_error;
using thane::wsgi::Response;
using thane::wsgi::timeouts;
namespace this_fiber = thane::this_fiber;

namespace {

constexpr FaultwrapOptions debug{.details = FaultwrapOptions::Details::shown};

template <class Exception>
Application throwing(Exception exception) {
  return [exception](Request&) -> Response { throw exception; };
}

Response ask(const Application& application) {
  MadeRequest request{"GET", "/x"};
  return application(*request);
}

TEST_CASE("a fault is JSON with the name that cinder and nova give its status") {
  const auto answer = fault(404, "no volume 7");
  CHECK(answer.status() == 404);
  CHECK(answer.header("Content-Type") == "application/json");
  CHECK(answer.body() == R"({"itemNotFound":{"code":404,"message":"no volume 7"}})");
  CHECK(json::parse(fault(413).body()).contains("overLimit"));
  CHECK(json::parse(fault(418).body())["computeFault"]["code"] == 418);
  CHECK(json::parse(fault(400, "\xff").body())["badRequest"]["message"] == "\xef\xbf\xbd");
}

TEST_CASE("an exception becomes a 500 that tells the client nothing, and the log everything") {
  const CapturedLog log;
  const auto answer = ask(faultwrap()(throwing(std::runtime_error{"password is x"})));
  CHECK(answer.status() == 500);
  CHECK(json::parse(answer.body())["computeFault"]["code"] == 500);
  CHECK(answer.body().find("password") == std::string::npos);
  CHECK(log.count("GET /x failed: ") == 1);
  CHECK(log.count("password is x") == 1);
  CHECK(ask(faultwrap()(throwing(7))).status() == 500);
}

TEST_CASE("with debug the client is told the text") {
  const CapturedLog log;
  const auto answer = ask(faultwrap(debug)(throwing(std::runtime_error{"disk full"})));
  CHECK(answer.body().find("disk full") != std::string::npos);
  CHECK(ask(faultwrap(debug)(throwing(request_error{503, "no host"}))).body().find("no host") !=
        std::string::npos);
}

TEST_CASE("a request_error keeps its status, and its text unless it blames the server") {
  const CapturedLog log;
  CHECK(ask(faultwrap()(throwing(request_error{409, "in use"}))).body() ==
        R"({"conflictingRequest":{"code":409,"message":"in use"}})");
  const auto answer = ask(faultwrap()(throwing(request_error{503, "10.0.0.7 is down"})));
  CHECK(answer.status() == 503);
  CHECK(answer.body().find("10.0.0.7") == std::string::npos);
  CHECK(ask(faultwrap()(throwing(request_error{200, "odd"}))).status() == 400);
  CHECK(log.count("failed") == 0);
}

TEST_CASE("catch_errors answers 500 in plain text and lets request_error pass") {
  const CapturedLog log;
  const auto answer = ask(catch_errors()(throwing(std::runtime_error{"secret"})));
  CHECK(answer.status() == 500);
  CHECK(answer.body() == "The server has failed to answer the request.\n");
  CHECK(log.count("GET /x failed: ") == 1);
  CHECK_THROWS_AS(ask(catch_errors()(throwing(request_error{404, "none"}))), request_error);
}

struct Simulated {
  thane::FiberLoop loop{{.time = thane::Time::simulated}};
  CapturedLog log{thane::log::Level::info};

  static Response slow(Request&) {
    this_fiber::sleep_for(1h);
    return Response{204};
  }
};

TEST_CASE_FIXTURE(Simulated, "an application that takes too long is unwound and answered for") {
  loop.run([&] {
    const auto start = loop.now();
    CHECK(ask(timeouts({.timeout = 2s})(slow)).status() == 503);
    CHECK(loop.now() - start == 2s);
    CHECK(ask(timeouts({.timeout = 2s, .status = 504})(slow)).status() == 504);
    CHECK(log.count("GET /x has no answer: timed out after 2s") == 2);
  });
}

TEST_CASE_FIXTURE(Simulated, "what is in time is not touched, and no limit is none") {
  loop.run([&] {
    CHECK(ask(timeouts({.timeout = 2h})(slow)).status() == 204);
    CHECK(ask(timeouts({})(slow)).status() == 204);
    this_fiber::sleep_for(3h);
  });
  CHECK_THROWS_AS((void)timeouts({.timeout = -1s}), std::invalid_argument);
  CHECK_THROWS_AS((void)timeouts({.timeout = 1s, .status = 200}), std::invalid_argument);
}

TEST_CASE_FIXTURE(Simulated,
                  "a timeout passes the filters between, an application's own does not") {
  const Application own = [](Request&) -> Response {
    const thane::Timeout limit{1s};
    this_fiber::sleep_for(1h);
    return Response{204};
  };
  loop.run([&] {
    const auto filter = timeouts({.timeout = 2s, .status = 504});
    CHECK(ask(filter(faultwrap()(slow))).status() == 504);
    CHECK(ask(filter(catch_errors()(slow))).status() == 504);
    CHECK(ask(filter(faultwrap()(own))).status() == 500);
    CHECK(ask(faultwrap()(own)).status() == 500);
    CHECK_THROWS_AS(ask(filter(own)), thane::timeout_error);
  });
}

TEST_CASE_FIXTURE(Simulated, "of two limits the one that is over answers, also in the access log") {
  loop.run([&] {
    const auto logged = thane::wsgi::access_log({.format = "line %(status_code)s"});
    const auto inner = timeouts({.timeout = 10s, .status = 503});
    const auto outer = timeouts({.timeout = 1s, .status = 504});
    CHECK(ask(outer(logged(inner(slow)))).status() == 504);
    CHECK(log.count("line 504") == 1);
    CHECK(ask(timeouts({.timeout = 1h * 24})(logged(inner(slow)))).status() == 503);
    CHECK(log.count("line 503") == 1);
  });
}

TEST_CASE_FIXTURE(Simulated, "a fiber that is killed is no failure of the application") {
  loop.run([&] {
    auto fiber = loop.spawn([] {
      (void)ask(timeouts({.timeout = 2h})(faultwrap()(catch_errors()(slow))));
      FAIL("it was answered");
    });
    this_fiber::yield();
    fiber.kill();
    fiber.wait();
  });
  CHECK(log.count("failed") == 0);
}

}  // namespace
