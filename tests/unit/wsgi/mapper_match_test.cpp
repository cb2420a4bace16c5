#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

#include <thane/wsgi/mapper.hpp>
#include <thane/wsgi/request.hpp>

#include "route_text.hpp"

using thane::testing::text_of;
using thane::wsgi::Mapper;
using thane::wsgi::RouteArguments;

namespace {

// What a table of one route says of a path.
std::string one(std::string_view pattern, std::string_view path) {
  Mapper mapper;
  mapper.connect(pattern);
  return text_of(mapper, path);
}

TEST_CASE("the longest static prefix goes first, whatever was connected first") {
  Mapper mapper;
  mapper.connect("/a/{id}", {.action = "one"});
  mapper.connect("/a/special", {.action = "special"});
  mapper.connect("/{x}/special", {.action = "last"});
  CHECK(text_of(mapper, "/a/special") == "action=special");
  CHECK(text_of(mapper, "/a/7") == "id=7 action=one");
  CHECK(text_of(mapper, "/b/special") == "x=b action=last");
}

TEST_CASE("with equal prefixes the first connected goes first; a '/' at the end is no prefix") {
  Mapper mapper;
  mapper.connect("/a{x}", {.action = "cut"});
  mapper.connect("/a/{x}", {.action = "slash"});
  mapper.connect("/a{rest:.*}", {.action = "rest"});
  CHECK(text_of(mapper, "/ab") == "x=b action=cut");
  CHECK(text_of(mapper, "/a/b") == "x=b action=slash");
  CHECK(text_of(mapper, "/a/b/c") == "rest=/b/c action=rest");
}

TEST_CASE("a variable is one segment with all its dots, however it is written") {
  for (const char* pattern : {"/v/{id}", "/v/:id", "/v/:(id)"}) {
    CHECK(one(pattern, "/v/1.2.json") == "id=1.2.json");
    CHECK(one(pattern, "/v/") == "no match");
    CHECK(one(pattern, "/v/a/b") == "no match");
  }
  CHECK(one("/:a-:b", "/xy") == "a=x b=y");  // The '-' ends the name and is lost, as in Routes.
  CHECK(one("/:(a)-:(b)", "/x-y-z") == "a=x b=y-z");
  CHECK(one("/{a}.{b}/end", "/x.y.z/end") == "a=x b=y.z");
  CHECK(one("/{a}{b}", "/xyz") == "a=x b=yz");
  CHECK(one("/{a}{b}", "/éx") == "a=é b=x");
}

TEST_CASE("*rest may hold slashes, but not be empty") {
  CHECK(one("/files/*path", "/files/a/b.c") == "path=a/b.c");
  CHECK(one("/files/*(path)/meta", "/files/a/b/meta") == "path=a/b");
  CHECK(one("/files/*path", "/files/") == "no match");
}

TEST_CASE("{.format} may be missing with its dot, and is None then") {
  CHECK(one("/items{.format}", "/items") == "format=None");
  CHECK(one("/items{.format}", "/items.json") == "format=json");
  CHECK(one("/items{.format}", "/items.a.b") == "no match");
  CHECK(one("/{id}{.format}", "/1.2.json") == "id=1.2 format=json");
  CHECK(one("/{id}{.format:json|xml}", "/1.json") == "id=1 format=json");
  CHECK(one("/{id}{.format:json|xml}", "/1.txt") == "id=1.txt format=None");
}

TEST_CASE("requirements hold for the whole variable, in the pattern or beside it") {
  CHECK(one("/v/{id:\\d+}", "/v/12") == "id=12");
  CHECK(one("/v/{id:\\d+}", "/v/12a") == "no match");
  CHECK(one("/v/{id:\\d\\{2\\}}", "/v/12") == "id=12");
  CHECK(one("/{what:cat|dog}/{id}", "/dog/1") == "what=dog id=1");
  CHECK(one("/{name:(?!new$)[^/]+}", "/new") == "no match");
  CHECK(one("/{name:(?!new$)[^/]+}", "/newer") == "name=newer");
  CHECK(one("/{a:(x|y)+}/{b:\\w+}", "/xyx/é") == "a=xyx b=é");
  Mapper mapper;
  mapper.connect("/y/{year}/{rest}", {.requirements = {{"year", R"(\d{4})"}, {"rest", ".*"}}});
  CHECK(text_of(mapper, "/y/2024/a/b") == "year=2024 rest=a/b");
  CHECK(text_of(mapper, "/y/24/a") == "no match");
}

TEST_CASE("the path matches as a whole, with its case, and is not decoded") {
  CHECK(one("/x", "/x/") == "no match");
  CHECK(one("/x/", "/x") == "no match");
  CHECK(one("/x", "/X") == "no match");
  CHECK(one("/x", "/xy") == "no match");
  CHECK(one("/x/{id}", "/x/%41+") == "id=%41+");
  CHECK(one("/a.b", "/axb") == "no match");
}

TEST_CASE("methods are compared as they are: GET does not let HEAD in, nor get") {
  Mapper mapper;
  mapper.connect("/x", {.action = "read", .conditions = {.methods = {"GET"}}});
  mapper.connect("/x", {.action = "write", .conditions = {.methods = {"POST", "PUT"}}});
  CHECK(text_of(mapper, "/x", "GET") == "action=read");
  CHECK(text_of(mapper, "/x", "PUT") == "action=write");
  CHECK(text_of(mapper, "/x", "HEAD") == "no match");
  CHECK(text_of(mapper, "/x", "get") == "no match");
  CHECK(text_of(mapper, "/x") == "action=read");
  CHECK(mapper.methods_of("/x") == std::vector<std::string>{"GET", "POST", "PUT"});
  CHECK(mapper.methods_of("/y").empty());
}

TEST_CASE("{controller} is one of the mapper's controllers") {
  Mapper mapper{{.controllers = {"items", "admin/users"}}};
  mapper.connect("/{controller}/{action}");
  CHECK(text_of(mapper, "/items/list") == "controller=items action=list");
  CHECK(text_of(mapper, "/admin/users/list") == "controller=admin/users action=list");
  CHECK(text_of(mapper, "/other/list") == "no match");
}

TEST_CASE("defaults are in the match, and stand for variables that are empty") {
  Mapper mapper;
  mapper.connect("/{id:\\d*}", {.controller = "c",
                                .defaults = {{"id", "0"}, {"page", "1"}, {"none", std::nullopt}}});
  CHECK(text_of(mapper, "/7") == "id=7 controller=c page=1 none=None");
  CHECK(text_of(mapper, "/") == "id=0 controller=c page=1 none=None");
}

TEST_CASE("a condition that is a function has the last word and may change the match") {
  Mapper mapper;
  mapper.connect("/{id}", {.conditions = {.function = [](RouteArguments& arguments) {
                             arguments.set("seen", "yes");
                             return arguments.find("id")->value() != "no";
                           }}});
  CHECK(text_of(mapper, "/a") == "id=a seen=yes");
  CHECK(text_of(mapper, "/no") == "no match");
}

TEST_CASE("minimization is off unless it is asked for") {
  Mapper mapper;
  mapper.connect("/a/{id}", {.defaults = {{"id", "1"}}});
  mapper.connect("/b/{id}", {.defaults = {{"id", "1"}}, .minimization = true});
  CHECK(text_of(mapper, "/a") == "no match");
  CHECK(text_of(mapper, "/b") == "id=1");
}

TEST_CASE("with minimization, what has a default may be missing at the end") {
  Mapper mapper{{.minimization = true}};
  mapper.connect("archive/:year/:month",
                 {.controller = "blog", .defaults = {{"year", "2024"}, {"month", std::nullopt}}});
  CHECK(text_of(mapper, "/archive/2020/05") == "year=2020 month=05 controller=blog");
  CHECK(text_of(mapper, "/archive/2020") == "year=2020 month=None controller=blog");
  CHECK(text_of(mapper, "/archive/") == "year=2024 month=None controller=blog");
  CHECK(text_of(mapper, "/archive") == "year=2024 month=None controller=blog");
  CHECK(text_of(mapper, "/archives") == "no match");
}

TEST_CASE("implicit arguments are those of old Routes") {
  Mapper mapper{{.minimization = true, .controllers = {"blog"}, .explicit_arguments = false}};
  mapper.connect(":controller/:action/:id");
  CHECK(text_of(mapper, "/blog") == "controller=blog action=index id=None");
  CHECK(text_of(mapper, "/blog/view/4") == "controller=blog action=view id=4");
}

TEST_CASE("a line feed at the end, and an empty path, are what they are") {
  CHECK(one("/v/{id:\\d+}", "/v/12\n") == "no match");
  CHECK(one("/v/{id:\\d+$}", "/v/12\n") == "no match");
  CHECK(one("/v/{id:(1|2)+}", "/v/12\n") == "no match");
  CHECK(one("/v/{id}", "") == "no match");
  Mapper mapper;
  mapper.resource("item", "items");
  CHECK(text_of(mapper, "") == "no match");
  CHECK(text_of(mapper, std::string_view{}) == "no match");
}

TEST_CASE("octets that are no UTF-8 are matched one by one") {
  CHECK(one("/{id}", "/\xff\x80") == "id=\xff\x80");
  CHECK(one("/{a:(.)+}/x", "/\xff/x") == "a=\xff");
}

TEST_CASE("a pattern or an expression that is none is refused with its text") {
  for (const char* pattern : {"/{id", "/{}", "/:(id", "/{a-b}", "/{id}/{id}", "/{1}", "/{id:(}"}) {
    Mapper mapper;
    CHECK_THROWS_AS(mapper.connect(pattern), std::invalid_argument);
    CHECK(mapper.size() == 0);
  }
  Mapper mapper;
  CHECK_THROWS_WITH_AS(mapper.connect("/{id"), "pattern \"/{id\": a variable is not closed",
                       std::invalid_argument);
}

TEST_CASE("a path that would take too long to compare is refused, not guessed about") {
  Mapper mapper;
  mapper.connect("/{a}-{b}-{c}x");
  mapper.connect("/r/{a:([a-z]+)+!}");
  const auto refused = [&mapper](const std::string& path) {
    try {
      (void)mapper.match(path);
    } catch (const thane::wsgi::request_error& error) {
      return error.status() == 400;
    }
    return false;
  };
  CHECK(refused("/" + std::string(8000, '-')));
  CHECK(refused("/r/" + std::string(18, 'a') + "!b"));
  CHECK(refused("/r/" + std::string(8000, 'a')));
  CHECK(text_of(mapper, "/r/aaaaaa!b") == "no match");
  CHECK(text_of(mapper, "/" + std::string(8000, 'a')) == "no match");
}

}  // namespace
