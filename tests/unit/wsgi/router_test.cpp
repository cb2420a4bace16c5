#include <thane/wsgi/router.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

#include "made_request.hpp"

using thane::testing::MadeRequest;
using thane::wsgi::Application;
using thane::wsgi::Mapper;
using thane::wsgi::Request;
using thane::wsgi::Response;
using thane::wsgi::Router;

namespace {

Application says(std::string text) {
  return [text = std::move(text)](Request&) { return Response::text(text); };
}

// Script name and path as the application sees them.
Response where(Request& request) {
  return Response::text(std::string{request.script_name()} + " | " + std::string{request.path()});
}

Response ask(const Application& application, std::string_view method, std::string_view target) {
  MadeRequest request{method, target};
  return application(*request);
}

std::string body(const Application& application, std::string_view method, std::string_view target) {
  const auto response = ask(application, method, target);
  return response.status() == 200 ? response.body() : std::to_string(response.status());
}

TEST_CASE("a request goes to the handler of its path and method") {
  Router router;
  router.get("/items", says("list"));
  router.post("/items", says("create"));
  router.put("/items/{id}", says("put"));
  router.patch("/items/{id}", says("patch"));
  router.delete_("/items/{id}", says("delete"));
  router.route({"GET", "POST"}, "/both", says("both"));
  router.any("/any", says("any"));
  CHECK(body(router, "GET", "/items?page=2") == "list");
  CHECK(body(router, "POST", "/items") == "create");
  CHECK(body(router, "PUT", "/items/7") == "put");
  CHECK(body(router, "PATCH", "/items/7") == "patch");
  CHECK(body(router, "DELETE", "/items/7") == "delete");
  CHECK(body(router, "POST", "/both") == "both");
  CHECK(body(router, "PURGE", "/any") == "any");
  CHECK(body(router, "GET", "/none") == "404");
  CHECK(ask(router, "GET", "/none").body().empty());
}

TEST_CASE("a handler reads the arguments of its route, decoded, and its name") {
  Router router;
  router.get("/items/{id}{.format}",
             [](const Request& request) {
               return Response::text(request.path_arg("id") + "," + request.path_arg("format") +
                                     "," + request.path_arg("kind") + "," +
                                     std::string{request.route_name()});
             },
             {.name = "item", .defaults = {{"kind", "k"}}});
  CHECK(body(router, "GET", "/items/a%20b.json") == "a b,json,k,item");
  CHECK(body(router, "GET", "/items/7") == "7,,k,item");
  CHECK(router.url("item", {{"id", "a b"}, {"kind", "k"}}) == "/items/a%20b");
}

TEST_CASE("an argument that the route does not have is an error that names both") {
  Router router;
  router.get("/items/{id}",
             [](const Request& request) { return Response::text(request.path_arg("name")); });
  CHECK_THROWS_WITH_AS((void)ask(router, "GET", "/items/7"),
                       R"(path_arg("name"): the route "/items/{id}" has no argument)",
                       std::out_of_range);
}

TEST_CASE("a known path with another method is 405 and says which it knows") {
  Router router;
  router.get("/items/{id}", says(""));
  router.put("/items/{id}", says(""));
  const auto response = ask(router, "POST", "/items/7");
  CHECK(response.status() == 405);
  CHECK(response.header("Allow") == "GET, HEAD, PUT, OPTIONS");
  CHECK_FALSE(ask(router, "POST", "/none").header("Allow"));

  Router quiet{{.method_not_allowed = false, .answer_options = false}};
  quiet.get("/items", says(""));
  CHECK(ask(quiet, "POST", "/items").status() == 404);
  CHECK(ask(quiet, "OPTIONS", "/items").status() == 404);
}

TEST_CASE("OPTIONS is answered with Allow, unless a handler does") {
  Router router;
  router.get("/items", says(""));
  router.route({"OPTIONS"}, "/own", says("own"));
  const auto response = ask(router, "OPTIONS", "/items");
  CHECK(response.status() == 204);
  CHECK(response.header("Allow") == "GET, HEAD, OPTIONS");
  CHECK(body(router, "OPTIONS", "/own") == "own");
  CHECK(body(router, "OPTIONS", "/none") == "404");
  CHECK(body(router, "OPTIONS", "*") == "204");
}

TEST_CASE("HEAD goes where GET goes, also in tables that are mounted") {
  Mapper table;
  table.resource("item", "items");
  Router router;
  router.mount(table, says("table"));
  router.any("/a/{x}", says("any"));
  router.get("/a/special", says("special"));
  CHECK(body(router, "HEAD", "/items/7") == "table");
  CHECK(body(router, "HEAD", "/a/special") == "special");
}

TEST_CASE("a mounted application sees its part of the path") {
  Router inner;
  inner.get("/", where);
  inner.get("/users/{id}", where);
  Router router;
  router.mount("/admin/", inner);
  router.mount("/{tenant}/raw", where);
  CHECK(body(router, "GET", "/admin/users/%37") == "/admin | /users/7");
  CHECK(body(router, "GET", "/admin/") == "/admin | /");
  CHECK(body(router, "GET", "/admin") == "/admin | ");
  CHECK(body(router, "GET", "/administrator") == "404");
  CHECK(body(router, "POST", "/admin/users/7") == "405");
  CHECK(body(router, "GET", "/acme/raw/a/b") == "/acme/raw | /a/b");
}

TEST_CASE("a table is mounted for one application, behind a prefix") {
  Mapper table;
  table.resource("item", "items");
  table.connect("/static/{path_info:.*}", {.action = "static"});
  Router router;
  router.mount(
      table,
      [](Request& request) {
        return Response::text(request.path_arg("action") + " " + std::string{request.path()});
      },
      "/v2");
  router.get("/after", says("after"));
  CHECK(body(router, "GET", "/v2/items/7") == "show /v2/items/7");
  CHECK(body(router, "POST", "/v2/items") == "create /v2/items");
  CHECK(body(router, "GET", "/v2/static/a/b") == "static /a/b");
  CHECK(body(router, "GET", "/after") == "after");
}

TEST_CASE("a redirect leads to a place below the one where the router is mounted") {
  Router inner;
  inner.redirect("/old/{id}", "/new/{id}", 301);
  inner.redirect("/away", "https://example.org/");
  Router router;
  router.mount("/a b", inner);
  const auto response = ask(router, "GET", "/a%20b/old/7");
  CHECK(response.status() == 301);
  CHECK(response.header("Location") == "/a%20b/new/7");
  CHECK(ask(router, "GET", "/a%20b/away").header("Location") == "https://example.org/");
}

TEST_CASE("the path at the mount itself has a route of its own, or is taken for /") {
  Router plain;
  plain.get("/", says("list"));
  Router redirecting;
  redirecting.redirect("", "/");
  redirecting.get("/", says("list"));
  Router router;
  router.mount("/v2", plain);
  router.mount("/v3", redirecting);
  CHECK(body(router, "GET", "/v2") == "list");
  CHECK(ask(router, "GET", "/v3").header("Location") == "/v3/");
  CHECK(body(router, "GET", "/v3/") == "list");
}

TEST_CASE("another application may answer where nothing matches") {
  Router router;
  router.not_found([](Request&) { return Response::text("here is nothing"); });
  CHECK(body(router, "GET", "/none") == "here is nothing");
}

TEST_CASE("patterns that Routes would cut off in silence are refused") {
  Router router;
  CHECK_THROWS_AS(router.get("/{id:\\d{4}}", where), std::invalid_argument);
  CHECK_THROWS_AS(router.get("/{id:(?:a|b)}", where), std::invalid_argument);
  CHECK_THROWS_AS(router.get("/{id:(?\\:a|b)}", where), std::invalid_argument);
  router.get("/{id:\\d\\{4\\}}", where);
  router.get("/{a:x}/{id}", where, {.requirements = {{"id", "(?:a|b)"}}});
  CHECK(body(router, "GET", "/1234") == " | /1234");
  CHECK(body(router, "GET", "/x/b") == " | /x/b");
  CHECK(body(router, "GET", "/x/c") == "404");
  CHECK(body(router, "GET", "/123") == "404");
}

TEST_CASE("copies of a router share one table") {
  Router router;
  const Application application = router;
  router.get("/late", says("late"));
  CHECK(body(application, "GET", "/late") == "late");
}

}  // namespace
