// Parts that are made of several applications: urlmap, cascade, the pipeline by auth_strategy.
#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thane/wsgi/middleware/auth_pipeline.hpp>
#include <thane/wsgi/middleware/cascade.hpp>
#include <thane/wsgi/middleware/urlmap.hpp>
#include <thane/wsgi/stock_parts.hpp>
#include <vector>

#include "made_request.hpp"
#include "paste_world.hpp"

using thane::testing::MadeRequest;
using thane::testing::PasteWorld;
using thane::wsgi::Application;
using thane::wsgi::cascade;
using thane::wsgi::CascadeOptions;
using thane::wsgi::Mount;
using thane::wsgi::Request;
using thane::wsgi::request_error;
using thane::wsgi::Response;
using thane::wsgi::urlmap;
using thane::wsgi::UrlMapOptions;

namespace {

// Says who it is, where it is mounted, and what is left of the path.
Application named(const std::string& name) {
  return [name](Request& request) {
    return Response::text(name + " " + std::string{request.script_name()} + "|" +
                          std::string{request.path()});
  };
}

std::string ask(const Application& application, std::string_view target,
                std::string_view method = "GET") {
  MadeRequest request{method, target};
  const auto answer = application(*request);
  return answer.status() == 200 ? answer.body() : std::to_string(answer.status());
}

TEST_CASE("urlmap takes the longest mount, at a slash, and shifts the path") {
  const auto map = urlmap({{"/", named("root")}, {"/v2", named("v2")}, {"/v2/a/", named("a")}});
  CHECK(ask(map, "/") == "root |/");
  CHECK(ask(map, "/x/y") == "root |/x/y");
  CHECK(ask(map, "/v2") == "v2 /v2|");
  CHECK(ask(map, "/v2/x?q=1") == "v2 /v2|/x");
  CHECK(ask(map, "/v2/a/b") == "a /v2/a|/b");
  CHECK(ask(map, "/v2/ab") == "v2 /v2|/ab");
  CHECK(ask(map, "/v20") == "root |/v20");
  CHECK(ask(map, "/%76%32/x") == "v2 /v2|/x");
}

TEST_CASE("urlmap answers 404, or what it is told, where nothing matches") {
  CHECK(ask(urlmap({{"/v2", named("v2")}}), "/v3") == "404");
  CHECK(ask(urlmap({{"/v2", named("v2")}}, {.not_found = named("none")}), "/v3") == "none |/v3");
  CHECK(ask(urlmap({}), "/") == "404");
}

TEST_CASE("urlmap answers OPTIONS * itself, which asks for no application") {
  const auto map = urlmap({{"/", named("root")}}, {.not_found = named("none")});
  CHECK(ask(map, "*", "OPTIONS") == "204");
  CHECK(ask(map, "http://h", "OPTIONS") == "204");
  CHECK(ask(map, "/*", "OPTIONS") == "root |/*");
  CHECK(ask(map, "/", "OPTIONS") == "root |/");
}

TEST_CASE("urlmap takes slashes that follow one another for one") {
  const auto map = urlmap({{"/v2//a", named("a")}});
  CHECK(ask(map, "//v2///a//b") == "a /v2/a|/b");
}

TEST_CASE("urlmap mounts within one another add up") {
  const auto inner = urlmap({{"/b", named("inner")}});
  CHECK(ask(urlmap({{"/a", inner}}), "/a/b/c") == "inner /a/b|/c");
}

TEST_CASE("urlmap asks the mounts of a host before those of all, whatever their length") {
  const auto map = urlmap({{"/v2/long", named("all")},
                           {"http://API.example/", named("api")},
                           {"domain api.example port 8080 /v2", named("port")},
                           {"domain other.example port 80", named("usual")}});
  CHECK(ask(map, "http://h/v2/long") == "all /v2/long|");
  CHECK(ask(map, "http://api.example/v2/long") == "api |/v2/long");
  CHECK(ask(map, "http://api.EXAMPLE:99/v2") == "api |/v2");
  CHECK(ask(map, "http://api.example:8080/x") == "api |/x");
  CHECK(ask(map, "http://other.example/x") == "usual |/x");
  CHECK(ask(map, "http://other.example:8080/x") == "404");
}

TEST_CASE("of two equal mounts the later counts, and a port goes by its own mount") {
  CHECK(ask(urlmap({{"/a", named("first")}, {"/a/", named("later")}}), "/a") == "later /a|");
  const auto map = urlmap({{"http://h:1", named("one")}, {"http://h:2", named("two")}});
  CHECK(ask(map, "http://h:2/") == "two |/");
}

TEST_CASE("urlmap refuses what is no mount, in words") {
  const auto refused = [](const std::string& where) {
    return [where] { (void)urlmap({{where, named("x")}}); };
  };
  for (const std::string where :
       {"v2", "domain", "domain a domain b", "port 80 /", "/a /b", "http:///a", "domain a port"}) {
    CAPTURE(where);
    CHECK_THROWS_AS(refused(where)(), std::invalid_argument);
  }
  CHECK_THROWS_WITH_AS(refused("port 80 /")(),
                       "\"port 80 /\" is no place for a urlmap: a port without a domain",
                       std::invalid_argument);
}

TEST_CASE("nova's urlmap takes /+ for something behind the slash") {
  const std::vector<Mount> mounts{{"/v2", named("version")}, {"/v2/+", named("api")}};
  const auto map = urlmap(mounts, {.wildcard = UrlMapOptions::Wildcard::at_end});
  CHECK(ask(map, "/v2") == "version /v2|");
  CHECK(ask(map, "/v2/") == "version /v2|/");
  CHECK(ask(map, "/v2/servers") == "api /v2|/servers");
  CHECK(ask(urlmap(mounts), "/v2/servers") == "version /v2|/servers");
}

// Reads the body, changes what it can, and answers with the status.
Application failing(int status) {
  return [status](Request& request) {
    (void)request.read_all();
    request.shift_path(2);
    return Response{status};
  };
}

Application echo() {
  return [](Request& request) {
    return Response::text(std::string{request.script_name()} + "|" + std::string{request.path()} +
                          " " + request.read_all());
  };
}

Response post(const Application& application, const std::string& body,
              const std::string& framing = {}) {
  const auto length = "Content-Length: " + std::to_string(body.size()) + "\r\n";
  MadeRequest request{"POST", "/a/b", framing.empty() ? length : framing, body};
  return application(*request);
}

TEST_CASE("a cascade asks on while the status is to be caught; each sees the request as it came") {
  CHECK(post(cascade({failing(404), echo()}), "0123456789").body() == "|/a/b 0123456789");
  CHECK(post(cascade({failing(404), failing(404), echo()}), "long enough for pieces").body() ==
        "|/a/b long enough for pieces");
  CHECK(post(cascade({failing(404), echo()}), "chunked", "Transfer-Encoding: chunked\r\n").body() ==
        "|/a/b chunked");
  CHECK(post(cascade({failing(405), echo()}), "x").status() == 405);
  CHECK(post(cascade({failing(405), echo()}, {.catch_statuses = {404, 405}}), "x").status() == 200);
  CHECK(post(cascade({failing(404)}), "x").status() == 404);
  CHECK(post(cascade({failing(404), failing(404)}), "x").status() == 404);
}

TEST_CASE("cascades within one another read the body as often") {
  const auto inner = cascade({failing(404), failing(404)});
  CHECK(post(cascade({inner, echo()}), "0123456789").body() == "|/a/b 0123456789");
}

TEST_CASE("a cascade catches what is thrown with such a status, and nothing else") {
  const auto throwing = [](int status) -> Application {
    return [status](Request&) -> Response { throw request_error{status, "thrown"}; };
  };
  CHECK(post(cascade({throwing(404), echo()}), "x").status() == 200);
  CHECK_THROWS_AS(post(cascade({throwing(400), echo()}), "x"), request_error);
  CHECK_THROWS_AS(post(cascade({echo(), throwing(404)}, {.catch_statuses = {200}}), "x"),
                  request_error);
}

TEST_CASE("who has read more than a cascade keeps answers for good") {
  const CascadeOptions options{.max_body = 10};
  CHECK(post(cascade({failing(404), echo()}, options), "0123456789").status() == 200);
  CHECK(post(cascade({failing(404), echo()}, options), "0123456789X").status() == 404);
}

TEST_CASE("a limit that one application of a cascade has set is not one for the next") {
  const Application limited = [](Request& request) -> Response {
    request.limit_body(3);
    return Response::text(request.read_all());
  };
  CHECK_THROWS_AS(post(limited, "0123456789"), request_error);
  const auto both = cascade({limited, echo()}, {.catch_statuses = {413}});
  CHECK(post(both, "0123456789").body() == "|/a/b 0123456789");
}

TEST_CASE("a cascade of nothing is refused") {
  CHECK_THROWS_AS((void)cascade({}), std::invalid_argument);
  CHECK_THROWS_AS((void)cascade({nullptr}), std::invalid_argument);
}

// A file that names the real parts, and stubs for the rest.
struct Files : PasteWorld {
  explicit Files(const std::string& text, const thane::wsgi::StockOptions& options = {})
      : PasteWorld(text) {
    for (const std::string name : {"one", "two", "three"}) {
      registry.add_app("m:" + name, [name](const Settings&, const Settings&) {
        return [name](Request& request) {
          return Response::text(name + " " + std::string{request.script_name()})
              .set_status(request.path() == "/none" ? 404 : 200);
        };
      });
    }
    registry.add_filter("m:mark", [](const Settings& global_conf, const Settings& local_conf) {
      const auto mark = local_conf.get("mark") + global_conf.get("more", "");
      return [mark](const Application& next) -> Application {
        return [mark, next](Request& request) {
          auto answer = next(request);
          return answer.set_body(mark + answer.body());
        };
      };
    });
    thane::wsgi::add_stock_parts(registry, options);
  }

  std::string get(std::string_view target) {
    const auto application = load(thane::wsgi::internal::Role::application, "config:/etc/p.ini", {},
                                  {}, {}, thane::wsgi::internal::make_app);
    return ask(application, target);
  }
};

constexpr const char* applications =
    "[app:one]\npaste.app_factory = m:one\n[app:two]\npaste.app_factory = m:two\n"
    "[app:three]\npaste.app_factory = m:three\n";

TEST_CASE("a composite of Paste's urlmap is loaded, with not_found_app") {
  Files files{std::string{"[composite:main]\nuse = egg:Paste#urlmap\n/v1: one\n/v2 = two\n"
                          "not_found_app = three\n"} +
              applications};
  CHECK(files.get("/v1/x") == "one /v1");
  CHECK(files.get("/v2") == "two /v2");
  CHECK(files.get("/v3") == "three ");
}

TEST_CASE("a cascade is loaded in the order of its keys' names") {
  const std::string head = "[composite:main]\nuse = egg:Paste#cascade\n";
  Files files{head + "app2 = two\napp1 = one\n" + applications};
  CHECK(files.get("/x") == "one ");
  Files bad{head + "app1 = one\nbackup = two\n" + applications};
  CHECK(std::string{bad.app_error().what()}.find("backup") != std::string::npos);
  Files status{head + "app1 = one\ncatch = 404 soon\n" + applications};
  CHECK(std::string{status.app_error().what()}.find("\"soon\" is no status") != std::string::npos);
}

constexpr const char* pipelines =
    "[composite:main]\nuse = call:cinder.api.middleware.auth:pipeline_factory\nset more = !\n"
    "noauth = a one\nkeystone = a b two\nkeystone_nolimit = b three\n"
    "[filter:a]\npaste.filter_factory = m:mark\nmark = a\n"
    "[filter:b]\npaste.filter_factory = m:mark\nmark = b\n";

TEST_CASE("auth_strategy chooses the pipeline: keystone, what the program says, or the file") {
  const auto text = std::string{pipelines} + applications;
  CHECK(Files{text}.get("/") == "abtwo ");  // The first filter outermost; `set` does not reach.
  CHECK(Files{text, {.defaults = {{"", {{"auth_strategy", "noauth"}}}}}}.get("/") == "aone ");
  CHECK(Files{"[DEFAULT]\nauth_strategy = noauth\n" + text}.get("/") == "aone ");
}

TEST_CASE("without api_rate_limit the pipeline is the one without limits, if there is one") {
  const auto text = std::string{pipelines} + applications;
  CHECK(Files{text, {.defaults = {{"", {{"api_rate_limit", "false"}}}}}}.get("/") == "bthree ");
  CHECK(Files{text, {.defaults = {{"", {{"api_rate_limit", "no"}, {"auth_strategy", "noauth"}}}}}}
            .get("/") == "aone ");
}

TEST_CASE("an auth_strategy without a pipeline is an error that names those there are") {
  Files files{std::string{pipelines} + applications,
              {.defaults = {{"", {{"auth_strategy", "noauth2"}}}}}};
  const std::string what = files.app_error().what();
  CHECK(what.find("auth_strategy is \"noauth2\", for which there is no pipeline; there are: "
                  "noauth, keystone, keystone_nolimit") != std::string::npos);
}

}  // namespace
