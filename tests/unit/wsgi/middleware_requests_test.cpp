// Parts that look at each request: request_id, access_log, sizelimit, http_proxy_to_wsgi.
#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>
#include <thane/log.hpp>
#include <thane/wsgi/environ.hpp>
#include <thane/wsgi/middleware/access_log.hpp>
#include <thane/wsgi/middleware/http_proxy_to_wsgi.hpp>
#include <thane/wsgi/middleware/request_id.hpp>
#include <thane/wsgi/middleware/sizelimit.hpp>

#include "made_request.hpp"
#include "support/captured_log.hpp"

using thane::testing::CapturedLog;
using thane::testing::MadeRequest;
using thane::wsgi::Application;
using thane::wsgi::Request;
using thane::wsgi::request_error;
using thane::wsgi::request_id;
using thane::wsgi::request_id_of;
using thane::wsgi::Response;

namespace {

constexpr const char* global_id = "req-01234567-89ab-cdef-0123-456789abcdef";

std::string of_caller(const std::string& id) {
  return "X-Openstack-Request-Id: " + id + "\r\n";
}

Response nothing(Request&) {
  return Response{204};
}

TEST_CASE("request_id gives each request an id of its own, for the application and the answer") {
  std::string seen;
  const auto application = request_id()([&seen](Request& request) {
    seen = request_id_of(request);
    return Response{204};
  });
  const std::regex id{"req-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"};
  std::set<std::string> ids;
  for (int i = 0; i < 40; ++i) {
    MadeRequest request{"GET", "/"};
    CHECK(application(*request).header("x-openstack-request-id") == seen);
    CHECK(std::regex_match(seen, id));
    ids.insert(seen);
  }
  CHECK(ids.size() == 40);
}

TEST_CASE("a caller's id counts if it is one, as the global one") {
  const auto global_of = [](const std::string& sent) {
    MadeRequest request{"GET", "/", of_caller(sent)};
    CHECK(request_id()(nothing)(*request).header("x-openstack-request-id") != sent);
    return std::string{thane::wsgi::global_request_id_of(*request)};
  };
  CHECK(global_of(global_id) == global_id);
  CHECK(global_of("") == "");
  CHECK(global_of("req-01234567-89AB-cdef-0123-456789abcdef") == "");
  CHECK(global_of(std::string{global_id} + "0") == "");
  CHECK(global_of("req-x1234567-89ab-cdef-0123-456789abcdef") == "");
}

TEST_CASE("log lines carry the ids until the request is over") {
  const CapturedLog log;
  std::string id;
  {
    MadeRequest request{"GET", "/", of_caller(global_id)};
    (void)request_id()(nothing)(*request);
    id = request_id_of(*request);
    thane::log::info("within");
  }
  thane::log::info("after");
  CHECK(log.count("within") == 1);
  CHECK(log.count(id) == 1);
  CHECK(log.count(global_id) == 1);
}

TEST_CASE("an answer keeps the id it has, other headers are added, two filters give one id") {
  const Application own = [](Request&) {
    return Response{204}.set_header("X-OpenStack-Request-ID", "own");
  };
  MadeRequest request{"GET", "/"};
  const auto filter = request_id({.compat_headers = {"x-compute-request-id"}});
  const auto answer = filter(request_id()(own))(*request);
  CHECK(answer.header("x-openstack-request-id") == "own");
  CHECK(answer.headers().size() == 2);
  CHECK(answer.header("x-compute-request-id") == request_id_of(*request));
  CHECK_THROWS_AS((void)request_id({.compat_headers = {"no name"}}), std::invalid_argument);
}

struct Logged {
  CapturedLog log;
  std::string format = "combined";
  std::string fields = "User-Agent: a\"b\\c\xff\r\nReferer: http://r/\r\n";

  void ask(const Application& application, std::string_view method = "GET") {
    MadeRequest request{method, "/a?b=\"c", fields};
    drain(thane::wsgi::access_log({.format = format})(application)(*request));
  }
  // As a server does.
  static void drain(const Response& response) {
    if (!response.body_stream()) return;
    while (response.body_stream()()) {
    }
  }
};

TEST_CASE_FIXTURE(Logged, "the combined line has what a client says, quoted") {
  ask([](Request& request) {
    request.set_attribute("remote_user", std::string{"ann"});
    return Response::text("hello");
  });
  CHECK(log.count("192.0.2.1 - ann [") == 1);
  CHECK(log.count(R"(] "GET /a?b=%22c HTTP/1.1" 200 5 "http://r/" "a\"b\\c\xff")") == 1);
}

TEST_CASE_FIXTURE(Logged, "the common line ends with the octets, a dash is what is not known") {
  format = "common";
  fields = "";
  ask([](Request&) { return Response{404}; });
  CHECK(log.count("192.0.2.1 - - [") == 1);
  CHECK(log.count("HTTP/1.1\" 404 0\n") + log.count("HTTP/1.1\" 404 0") == 1);
  format = "combined";
  ask([](Request&) { return Response{404}; });
  CHECK(log.count("404 0 \"-\" \"-\"") == 1);
}

TEST_CASE_FIXTURE(Logged, "oslo's line and one's own are written") {
  format = "oslo";
  ask([](Request&) { return Response::text("hello"); });
  CHECK(log.count("status: 200  len: 5 time: 0.0") == 1);
  format = "%(status_code)s %(request_id)s!";
  ask(request_id()([](Request&) { return Response{204}; }));
  CHECK(log.count("204 req-") == 1);
  CHECK_THROWS_WITH_AS((void)thane::wsgi::access_log({.format = "%(nonsense)s"}),
                       "format: there is no key \"nonsense\"", std::invalid_argument);
}

TEST_CASE_FIXTURE(Logged, "a stream is logged when it has ended, with what it gave") {
  ask([this](Request&) {
    return Response::stream(
        [this, left = 3]() mutable -> std::optional<std::string> {
          CHECK(log.count("GET /a") == 0);
          return left-- > 0 ? std::optional<std::string>{"four"} : std::nullopt;
        },
        "text/plain");
  });
  CHECK(log.count("HTTP/1.1\" 200 12 ") == 1);
}

TEST_CASE_FIXTURE(Logged, "an answer to HEAD has no octets, and its stream is not waited for") {
  ask([](Request&) { return Response::text("hello"); }, "HEAD");
  CHECK(log.count("HEAD /a?b=%22c HTTP/1.1\" 200 0 ") == 1);
}

TEST_CASE_FIXTURE(Logged, "an exception is logged with the status it means, and passes") {
  CHECK_THROWS_AS(ask([](Request&) -> Response {
                    throw request_error{409, "taken"};
                  }),
                  request_error);
  CHECK(log.count("\" 409 0 ") == 1);
  CHECK_THROWS_AS(ask([](Request&) -> Response { throw std::runtime_error{"secret"}; }),
                  std::runtime_error);
  CHECK(log.count("\" 500 0 ") == 1);
}

Response echo(Request& request) {
  return Response::text(request.read_all());
}

Response limited(const std::string& fields, const std::string& body) {
  MadeRequest request{"POST", "/", fields, body};
  return thane::wsgi::sizelimit({.max_request_body_size = 10})(echo)(*request);
}

TEST_CASE("sizelimit answers 413 to a longer Content-Length without asking the application") {
  CHECK(limited("Content-Length: 10\r\n", "0123456789").body() == "0123456789");
  const auto refused = limited("Content-Length: 11\r\n", "");
  CHECK(refused.status() == 413);
  CHECK(refused.body() ==
        R"({"overLimit":{"code":413,"message":"The body of the request is larger than )"
        R"(max_request_body_size (10 octets)."}})");
  MadeRequest bodiless{"GET", "/"};
  CHECK(thane::wsgi::sizelimit({.max_request_body_size = 0})(nothing)(*bodiless).status() == 204);
}

TEST_CASE("sizelimit counts a chunked body as it is read") {
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  CHECK(limited(chunked, "0123456789").body() == "0123456789");
  CHECK_THROWS_AS(limited(chunked, "0123456789X"), request_error);
  try {
    (void)limited(chunked, "0123456789X");
  } catch (const request_error& error) {
    CHECK(error.status() == 413);
  }
  CHECK_THROWS_AS((void)thane::wsgi::sizelimit({.max_request_body_size = -1}),
                  std::invalid_argument);
}

TEST_CASE("octets that are put back count once for a limit, and the lowest limit counts") {
  MadeRequest request{"POST", "/", "Content-Length: 10\r\n", "0123456789", 4};
  request->limit_body(10);
  request->limit_body(100);
  request->unread(std::string{request->read_some()});
  CHECK(request->read_all() == "0123456789");
}

// "SCHEME AUTHORITY PEER SCRIPT_NAME" behind the filter.
std::string seen_behind_proxy(const std::string& fields, bool enabled = true) {
  MadeRequest request{"GET", "/x", fields};
  const Application application = [](Request& seen) {
    return Response::text(std::string{seen.scheme()} + " " + std::string{seen.authority()} + " " +
                          std::string{seen.peer_address()} + " " + std::string{seen.script_name()});
  };
  return thane::wsgi::http_proxy_to_wsgi({.enable_proxy_headers_parsing = enabled})(application)(
             *request)
      .body();
}

TEST_CASE("what a proxy says is believed only if that is enabled") {
  const std::string fields = "X-Forwarded-For: 198.51.100.7\r\nX-Forwarded-Proto: https\r\n";
  CHECK(seen_behind_proxy(fields, false) == "http h 192.0.2.1 ");
  CHECK(seen_behind_proxy(fields) == "https h 198.51.100.7 ");
}

TEST_CASE("the first element of Forwarded goes before all X-Forwarded fields") {
  const std::string others = "X-Forwarded-For: 198.51.100.7\r\nX-Forwarded-Host: other\r\n";
  CHECK(seen_behind_proxy(
            "Forwarded: for=203.0.113.5;Proto=HTTPS;host=api.example:81, for=::1\r\n" + others) ==
        "https api.example:81 203.0.113.5 ");
  CHECK(seen_behind_proxy("Forwarded: for=\"[2001:db8::1]:4711\" ; host=\"a\\.b\"\r\n") ==
        "http a.b 2001:db8::1 ");
  CHECK(seen_behind_proxy("Forwarded: by=203.0.113.9\r\n" + others) == "http h 192.0.2.1 ");
  CHECK(seen_behind_proxy("Forwarded: for=\"203.0.113.5,host=a\r\n") == "http h 192.0.2.1 ");
}

TEST_CASE("X-Forwarded fields count by their first element, the prefix goes before script_name") {
  CHECK(
      seen_behind_proxy("X-Forwarded-For: 198.51.100.7:80, 10.0.0.1\r\nX-Forwarded-Host: a, b\r\n"
                        "X-Forwarded-Proto: https,http\r\nX-Forwarded-Prefix: /shop%20x/%2f\r\n") ==
      "https a 198.51.100.7 /shop x");
  CHECK(seen_behind_proxy("X-Forwarded-For: 2001:db8::2\r\n") == "http h 2001:db8::2 ");
}

TEST_CASE("what makes no sense in a proxy's fields is passed over") {
  CHECK(seen_behind_proxy("Forwarded: for=unknown;host=\"a b\";proto=gopher\r\n") ==
        "http h 192.0.2.1 ");
  CHECK(seen_behind_proxy("Forwarded: for=_hidden;proto\r\n") == "http h 192.0.2.1 ");
  CHECK(seen_behind_proxy("X-Forwarded-For: 198.51.100.700\r\nX-Forwarded-Prefix: shop\r\n") ==
        "http h 192.0.2.1 ");
}

TEST_CASE("a WSGI application sees what the proxy said") {
  MadeRequest request{"GET", "/x", "Forwarded: for=203.0.113.5;host=api.example;proto=https\r\n"};
  const Application application = [](Request& seen) {
    thane::wsgi::Environ environ{seen};
    return Response::text(std::string{environ.get("wsgi.url_scheme")} + " " +
                          std::string{environ.get("HTTP_HOST")} + " " +
                          std::string{environ.get("REMOTE_ADDR")});
  };
  const auto filter = thane::wsgi::http_proxy_to_wsgi({.enable_proxy_headers_parsing = true});
  CHECK(filter(application)(*request).body() == "https api.example 203.0.113.5");
}

}  // namespace
