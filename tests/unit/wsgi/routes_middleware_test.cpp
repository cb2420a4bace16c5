#include <thane/wsgi/routes_middleware.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "made_request.hpp"

using thane::testing::MadeRequest;
using thane::wsgi::Application;
using thane::wsgi::Mapper;
using thane::wsgi::Request;
using thane::wsgi::Response;

namespace {

constexpr std::string_view form = "Content-Type: application/x-www-form-urlencoded; charset=x\r\n";

struct Routes {
  std::shared_ptr<Mapper> mapper = std::make_shared<Mapper>();
  Application application = thane::wsgi::routes_middleware(mapper, answer);

  Routes() { mapper->resource("item", "items"); }

  // What the application behind the middleware sees.
  static Response answer(Request& request) {
    std::string text{request.method()};
    text += " " + std::string{request.script_name()} + "|" + std::string{request.path()};
    if (request.route() != nullptr) text += " " + request.path_arg("action");
    return Response::text(text + " " + request.read_all());
  }

  std::string ask(std::string_view method, std::string_view target, std::string_view fields = "",
                  const std::string& body = "") {
    MadeRequest request{method, target, fields, body};
    return application(*request).body();
  }
  std::string post(std::string_view type, const std::string& body) {
    return ask("POST", "/items/7",
               std::string{type} + "Content-Length: " + std::to_string(body.size()) + "\r\n", body);
  }
};

TEST_CASE_FIXTURE(Routes, "the application is called with the match, and without one as well") {
  CHECK(ask("GET", "/items/7") == "GET |/items/7 show ");
  CHECK(ask("GET", "/none") == "GET |/none ");
  CHECK(ask("HEAD", "/items/7") == "HEAD |/items/7 ");
}

TEST_CASE_FIXTURE(Routes, "_method in the query goes before any method, for matching alone") {
  CHECK(ask("GET", "/items/7?_method=delete") == "GET |/items/7 delete ");
  CHECK(ask("POST", "/items/7?a=b&_method=GET&_method=put") == "POST |/items/7 update ");
  CHECK(ask("GET", "/items/7?_method=") == "GET |/items/7 show ");
}

TEST_CASE_FIXTURE(Routes, "_method in a posted form counts, and the body is still there") {
  CHECK(post(form, "a=b+c&_method=PUT") == "POST |/items/7 update a=b+c&_method=PUT");
  CHECK(post("Content-Type: text/plain\r\n", "_method=PUT") == "POST |/items/7 _method=PUT");
  CHECK(ask("PUT", "/items/7", form, "_method=DELETE") == "PUT |/items/7 update _method=DELETE");
  const std::string parts =
      "--xx\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"
      "--xx\r\nContent-Disposition: form-data; name=\"_method\"\r\n\r\ndelete\r\n--xx--\r\n";
  CHECK(post("Content-Type: multipart/form-data; boundary=\"xx\"\r\n", parts) ==
        "POST |/items/7 delete " + parts);
}

TEST_CASE_FIXTURE(Routes, "a form that is too large is not searched, and is whole") {
  const std::string body = "_method=PUT&a=" + std::string(70'000, 'x');
  CHECK(post(form, body) == "POST |/items/7 " + body);
  CHECK(ask("POST", "/items/7", std::string{form} + "Transfer-Encoding: chunked\r\n", body) ==
        "POST |/items/7 " + body);
}

TEST_CASE_FIXTURE(Routes, "without method_override nothing is looked for") {
  application = thane::wsgi::routes_middleware(mapper, answer, {.method_override = false});
  CHECK(ask("GET", "/items/7?_method=delete") == "GET |/items/7 show ");
}

TEST_CASE_FIXTURE(Routes, "path_info moves the rest of the path behind the script name") {
  mapper->connect("/blog/{path_info:.*}", {.action = "blog"});
  mapper->connect("/wiki{path_info:.*}", {.action = "wiki"});
  mapper->connect("/in/{path_info}/side", {.action = "in"});
  CHECK(ask("GET", "/blog/a/%62") == "GET /blog|/a/b blog ");
  CHECK(ask("GET", "/blog/") == "GET /blog|/ blog ");
  CHECK(ask("GET", "/wiki/a") == "GET /wiki|/a wiki ");
  CHECK(ask("GET", "/wiki") == "GET /wiki|/ wiki ");
  CHECK(ask("GET", "/in/x/side") == "GET /in/x/side|/x in ");
  application = thane::wsgi::routes_middleware(mapper, answer, {.path_info = false});
  CHECK(ask("GET", "/blog/a") == "GET |/blog/a blog ");
}

TEST_CASE_FIXTURE(Routes, "a redirect is answered with 302 or its own code") {
  mapper->redirect("/old/{id}", "/items/{id}");
  mapper->redirect("/gone", "/items", {}, 301);
  MadeRequest request{"GET", "/old/7"};
  const auto response = application(*request);
  CHECK(response.status() == 302);
  CHECK(response.header("Location") == "/items/7");
  MadeRequest gone{"GET", "/gone"};
  CHECK(application(*gone).status() == 301);
}

}  // namespace
