#include <thane/config.hpp>
#include <thane/wsgi/middleware/cors.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "answered.hpp"
#include "support/temporary_directory.hpp"

using namespace thane;
using testing::Answered;
using wsgi::CorsPolicy;
using wsgi::Request;
using wsgi::Response;

namespace {

const std::string known = "https://known.example";
const std::vector<CorsPolicy> policies{
    {.allowed_origin = {known, "https://second.example"},
     .expose_headers = {"X-One", "X-Two"},
     .max_age = 60,
     .allow_methods = {"GET", "PUT"},
     .allow_headers = {"X-Asked"}},
    {.allowed_origin = {"https://modest.example"}, .allow_credentials = false, .max_age = 0},
};

Response hello(Request&) {
  return Response::text("hello");
}

std::string from(std::string_view origin, std::string_view more = "") {
  return "Origin: " + std::string{origin} + "\r\n" + std::string{more};
}

std::string asking(std::string_view method, std::string_view headers = "") {
  std::string fields = "Access-Control-Request-Method: " + std::string{method} + "\r\n";
  if (!headers.empty()) {
    fields += "Access-Control-Request-Headers: " + std::string{headers} + "\r\n";
  }
  return fields;
}

Answered get(std::string_view fields, const wsgi::Application& application = hello) {
  return testing::answer_of(wsgi::cors(policies)(application), "GET", "/", fields);
}

Answered preflight(std::string_view fields, const wsgi::Application& application = hello,
                   const wsgi::Filter& filter = wsgi::cors(policies)) {
  return testing::answer_of(filter(application), "OPTIONS", "/", fields);
}

std::string allowed(const Answered& answered) {
  return answered.header("Access-Control-Allow-Origin");
}

TEST_CASE("an answer says that a known origin may read it, and what of it") {
  const auto answered = get(from(known));
  CHECK(answered.body == "hello");
  CHECK(allowed(answered) == known);
  CHECK(answered.header("Access-Control-Allow-Credentials") == "true");
  CHECK(answered.header("Access-Control-Expose-Headers") == "X-One,X-Two");
  CHECK(answered.header("Access-Control-Max-Age").empty());
  CHECK(answered.header("Vary") == "Origin");
  const auto modest = get(from("https://modest.example"));
  CHECK(allowed(modest) == "https://modest.example");
  CHECK(modest.header("Access-Control-Allow-Credentials").empty());
  CHECK(modest.header("Access-Control-Expose-Headers").empty());
}

TEST_CASE("other origins, and requests without one, are answered as if nothing were") {
  for (const std::string& fields : {std::string{}, from("https://other.example"), from("null"),
                                    from("https://KNOWN.example"), from(known + ":8080")}) {
    CAPTURE(fields);
    CHECK(get(fields).body == "hello");
    CHECK(allowed(get(fields)).empty());
    CHECK(get(fields).header("Vary") == "Origin");
    CHECK(allowed(preflight(fields + asking("GET"))).empty());
  }
}

TEST_CASE("an application that speaks of origins itself knows better") {
  const auto own = [](Request&) {
    return Response::text("own").add_header("Access-Control-Allow-Origin", "https://own.example");
  };
  CHECK(allowed(get(from(known), own)) == "https://own.example");
  CHECK(get(from(known), own).header("Vary").empty());
  CHECK(allowed(preflight(from(known) + asking("GET"), own)) == "https://own.example");
}

TEST_CASE("a preflight is told what it asked for, if all of it is allowed") {
  const auto answered = preflight(from(known) + asking("PUT", "x-asked, Content-Type,,ACCEPT"));
  CHECK(answered.status() == 200);
  CHECK(allowed(answered) == known);
  CHECK(answered.header("Access-Control-Allow-Methods") == "PUT");
  CHECK(answered.header("Access-Control-Allow-Headers") == "x-asked,Content-Type,ACCEPT");
  CHECK(answered.header("Access-Control-Max-Age") == "60");
  CHECK(answered.header("Access-Control-Expose-Headers").empty());
  CHECK(answered.header("Vary") == "Origin");

  CHECK(allowed(preflight(from(known) + asking("DELETE"))).empty());
  CHECK(allowed(preflight(from(known) + asking("put"))).empty());
  CHECK(allowed(preflight(from(known) + asking("GET", "X-Asked, X-Other"))).empty());
  CHECK(allowed(preflight(from(known))).empty());
  const auto modest = preflight(from("https://modest.example") + asking("PATCH"));
  CHECK(modest.header("Access-Control-Allow-Methods") == "PATCH");
  CHECK(modest.header("Access-Control-Max-Age").empty());
  CHECK(modest.header("Access-Control-Allow-Headers").empty());
}

TEST_CASE("a preflight succeeds whatever the application makes of OPTIONS") {
  const std::string fields = from(known) + asking("GET");
  CHECK(preflight(fields, hello).body == "hello");
  const auto refused = [](Request&) {
    return Response::text("no").set_status(405).add_header("Allow", "GET");
  };
  CHECK(preflight(fields, refused).status() == 200);
  CHECK(preflight(fields, refused).body.empty());
  CHECK(allowed(preflight(fields, refused)) == known);
  CHECK(preflight("", refused).status() == 200);
  const auto throwing = [](Request&) -> Response { throw wsgi::request_error{404, "none"}; };
  CHECK(preflight(fields, throwing).status() == 200);
  const auto broken = [](Request&) -> Response { throw std::logic_error{"broken"}; };
  CHECK_THROWS_AS((void)preflight(fields, broken), std::logic_error);
}

TEST_CASE("the first policy that names an origin is its own, a star is for the others") {
  const auto filter = wsgi::cors({{.allowed_origin = {known}},
                                  {.allowed_origin = {"*"}, .allow_methods = {"GET"}},
                                  {.allowed_origin = {known}, .allow_methods = {}}});
  const auto origin_for = [&filter](const std::string& fields) {
    return allowed(preflight(fields, hello, filter));
  };
  CHECK(origin_for(from("https://any.example") + asking("GET")) == "*");
  CHECK(origin_for(from("https://any.example") + asking("PUT")).empty());
  CHECK(origin_for(from(known) + asking("PUT")) == known);
  CHECK(origin_for(asking("GET")).empty());
}

TEST_CASE("policies come from the configuration, and take from the first what they do not say") {
  const testing::TemporaryDirectory folder;
  const std::string file = folder.write("app.conf",
                                        "[cors]\nallowed_origin = https://a.example\n"
                                        "max_age = 10\nexpose_headers = X-A,X-B\n"
                                        "[cors.second]\nallowed_origin = https://b.example\n"
                                        "max_age = 3600\nallow_credentials = false\n");
  const auto config = Config::parse({"--config-file", file},
                                    {wsgi::cors_options(), wsgi::cors_options("cors.second")});
  const auto read = wsgi::cors_policies(*config.snapshot(), {"cors", "cors.second"});
  REQUIRE(read.size() == 2);
  CHECK(read[0].allowed_origin == std::vector<std::string>{"https://a.example"});
  CHECK(read[0].max_age == 10);
  CHECK(read[0].allow_methods == CorsPolicy{}.allow_methods);
  CHECK(read[1].allowed_origin == std::vector<std::string>{"https://b.example"});
  CHECK(read[1].max_age == 3600);
  CHECK(read[1].expose_headers == std::vector<std::string>{"X-A", "X-B"});
  CHECK((read[0].allow_credentials && !read[1].allow_credentials));
}

TEST_CASE("a Paste file says a policy, or leaves it to the configuration") {
  const auto made = [](const wsgi::Settings& settings, const std::string& origin) {
    return preflight(from(origin) + asking("GET"), hello, wsgi::make_cors(settings, policies));
  };
  const auto own = made({{"allowed_origin", "https://x.example, https://y.example"},
                         {"max_age", ""},
                         {"allow_credentials", "no"}},
                        "https://y.example");
  CHECK(allowed(own) == "https://y.example");
  CHECK(own.header("Access-Control-Max-Age").empty());
  CHECK(own.header("Access-Control-Allow-Credentials").empty());
  CHECK(allowed(made({{"oslo_config_project", "shop"}}, known)) == known);
  CHECK(allowed(made({{"oslo_config_project", "shop"}}, "https://modest.example")) ==
        "https://modest.example");
  CHECK_THROWS_WITH_AS((void)wsgi::make_cors({}),
                       "allowed_origin or oslo_config_project is required", std::invalid_argument);
  CHECK_THROWS_AS((void)wsgi::make_cors({{"allowed_origin", "*"}, {"max_age", "-1"}}),
                  std::invalid_argument);
}

}  // namespace
