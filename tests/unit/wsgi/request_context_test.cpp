#include <thane/wsgi/request_context.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

#include "made_request.hpp"

using thane::testing::MadeRequest;

namespace {

TEST_CASE("what a filter leaves is found by name and type, and nothing else is") {
  MadeRequest request{"GET", "/"};
  CHECK(request->attribute<std::string>("user") == nullptr);
  request->set_attribute("user", std::string{"ann"});
  request->set_attribute("count", 1);
  auto* const user = request->attribute<std::string>("user");
  REQUIRE(user != nullptr);
  CHECK(*user == "ann");
  CHECK(request->attribute<int>("user") == nullptr);
  request->set_attribute("count", 2);
  CHECK(*std::as_const(*request).attribute<int>("count") == 2);
  CHECK(request->attribute<std::string>("user") == user);
}

TEST_CASE("without a route there are no arguments, and to ask for one is an error") {
  MadeRequest request{"GET", "/"};
  CHECK(request->route() == nullptr);
  CHECK(request->path_args().empty());
  CHECK(request->route_name().empty());
  CHECK_THROWS_WITH_AS((void)request->path_arg("id"), "path_arg(\"id\"): the request has no route",
                       std::out_of_range);
}

TEST_CASE("a route can be set, and taken away") {
  MadeRequest request{"GET", "/"};
  request->set_route(thane::wsgi::RouteMatch{.arguments = {{"id", "7"}, {"format", std::nullopt}}});
  CHECK(request->path_arg("id") == "7");
  CHECK(request->path_arg("format").empty());
  request->set_route(std::nullopt);
  CHECK(request->route() == nullptr);
}

TEST_CASE("a path is shifted to the script name without losing an octet") {
  MadeRequest request{"GET", "/a%2fb/c?q"};
  CHECK(request->script_name().empty());
  request->shift_path(2);
  request->shift_path(2);
  CHECK(request->script_name() == "/a/b");
  CHECK(request->path() == "/c");
  CHECK(request->raw_path() == "/a%2fb/c");
  CHECK_THROWS_AS(request->shift_path(3), std::out_of_range);
}

TEST_CASE("a filter may replace path and script name; older views stay valid") {
  MadeRequest request{"GET", "/a/b"};
  request->set_script_name("/proxy");
  const auto old = request->script_name();
  request->shift_path(2);
  CHECK(request->script_name() == "/proxy/a");
  request->set_path("/other");
  CHECK(request->path() == "/other");
  CHECK(old == "/proxy");
}

TEST_CASE("octets that are put back are read first, once") {
  MadeRequest request{"POST", "/", "Content-Length: 6\r\n", "abcdef", 2};
  CHECK(request->read_some() == "ab");
  request->unread("ab");
  request->unread("X");
  CHECK(request->read_all() == "Xabcdef");
  CHECK(request->read_some().empty());
}

}  // namespace
