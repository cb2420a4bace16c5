#include <thane/wsgi/resource.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>
#include <string>

#include <thane/wsgi/fault_error.hpp>
#include <thane/wsgi/middleware/faultwrap.hpp>
#include <thane/wsgi/router.hpp>

#include "api_world.hpp"

using thane::testing::ask_api;
using thane::testing::fault_json;
using thane::testing::Json;
using thane::wsgi::Controller;
using thane::wsgi::fault;
using thane::wsgi::fault_error;
using thane::wsgi::Mapper;
using thane::wsgi::request_error;
using thane::wsgi::Resource;
using thane::wsgi::ResourceRequest;
using thane::wsgi::ResourceResponse;
using thane::wsgi::Response;
using thane::wsgi::Router;

namespace {

constexpr const char* malformed = "Malformed request body";

struct Volumes {
  Volumes() {
    controller.index([](ResourceRequest&) -> ResourceResponse {
                return Json{{"volumes", {}}};
              })
        .show([](ResourceRequest& request) -> ResourceResponse {
          if (request.id() != "7")
            throw fault_error{404, "Volume " + request.id() + " is not here."};
          return Json{{"volume", {{"id", request.id()}}}};
        })
        .create(
            [](ResourceRequest& request) -> ResourceResponse {
              return Json{{"size", request.entity("volume").at("size").get<int>()}};
            },
            202)
        .remove([](ResourceRequest&) -> ResourceResponse { return {}; })
        .action("os-extend",
                [](ResourceRequest& request) -> ResourceResponse {
                  return Json{{"id", request.id()},
                              {"action", request.action()},
                              {"with", request.action_arguments()}};
                })
        .action("os-wait", [](ResourceRequest&) -> ResourceResponse {
          throw fault_error{413, "Too much.", std::chrono::seconds{30}};
        });
  }

  // As a router that hands every route of a collection to it.
  [[nodiscard]] thane::wsgi::Application application() const {
    Mapper table;
    table.resource("volume", "volumes",
                   {.member = {{"action", "POST"}}, .path_prefix = "{project_id}"});
    Router router;
    router.mount(table, Resource{controller});
    return router;
  }

  auto ask(std::string_view method, const std::string& path, const std::string& body = {},
           std::string_view type = "application/json", const std::string& project = {}) const {
    return ask_api(application(), method, "/p" + path, body, type, project);
  }

  Controller controller;
};

TEST_CASE_FIXTURE(Volumes, "routes lead to the methods of a controller, each with its status") {
  CHECK(ask("GET", "/volumes").body == Json{{"volumes", {}}});
  const auto shown = ask("GET", "/volumes/7");
  CHECK(shown.status == 200);
  CHECK(shown.body == Json{{"volume", {{"id", "7"}}}});
  CHECK(shown.response.header("Content-Type") == "application/json");
  const auto created = ask("POST", "/volumes", R"({"volume": {"size": 3}})");
  CHECK(created.status == 202);
  CHECK(created.body == Json{{"size", 3}});
  const auto gone = ask("DELETE", "/volumes/7");
  CHECK(gone.status == 202);
  CHECK(gone.response.body().empty());
}

TEST_CASE_FIXTURE(Volumes, "a method that the controller does not have is fault 404") {
  const auto answer = ask("PUT", "/volumes/7", "{}");
  CHECK(answer.status == 404);
  CHECK(answer.body == fault_json("itemNotFound", 404, "The resource could not be found."));
  CHECK(ask("GET", "/volumes/new").status == 404);  // Not the volume called "new".
}

TEST_CASE_FIXTURE(Volumes, "the name in the body says which action is posted") {
  const auto answer = ask("POST", "/volumes/7/action", R"({"os-extend": {"new_size": 9}})");
  CHECK(answer.status == 202);
  CHECK(answer.body == Json{{"id", "7"}, {"action", "os-extend"}, {"with", {{"new_size", 9}}}});
  const auto bad = [this](const char* body, const std::string& message) {
    const auto refused = ask("POST", "/volumes/7/action", body);
    CHECK(refused.status == 400);
    CHECK(refused.body == fault_json("badRequest", 400, message));
  };
  bad(R"({"os-shrink": null})", "There is no such action: os-shrink");
  bad(R"({"os-extend": {}, "os-wait": {}})", malformed);
  bad("{}", malformed);
  bad("[]", malformed);
  bad("", malformed);
}

TEST_CASE_FIXTURE(Volumes, "a body is JSON and says so") {
  const char* body = R"({"volume": {"size": 3}})";
  CHECK(ask("POST", "/volumes", body, "Application/JSON; charset=utf-8").status == 202);
  CHECK(ask("POST", "/volumes", body, "application/vnd.openstack.volume+json").status == 202);
  const auto xml = ask("POST", "/volumes", "<volume/>", "application/xml");
  CHECK(xml.body == fault_json("badMediaType", 415, "Unsupported Content-Type"));
  const auto untyped = ask("POST", "/volumes", body, "");
  CHECK(untyped.body ==
        fault_json("badRequest", 400, "Missing required element 'volume' in request body."));
  CHECK(ask("POST", "/volumes", "{").body == fault_json("badRequest", 400, malformed));
  CHECK(ask("POST", "/volumes", R"({"volume": 3})").status == 400);
}

TEST_CASE_FIXTURE(Volumes, "a body that is nested too deeply is refused before it is built") {
  const std::string deep(100'000, '[');
  CHECK(ask("POST", "/volumes", deep).body == fault_json("badRequest", 400, malformed));
}

TEST_CASE_FIXTURE(Volumes, "what a body does not have is the client's fault, not the server's") {
  CHECK(ask("POST", "/volumes", R"({"volume": {}})").status == 400);
  CHECK(ask("POST", "/volumes", R"({"volume": {"size": "big"}})").status == 400);
  controller.index([](ResourceRequest&) -> ResourceResponse { return Json{}.at("none"); });
  CHECK_THROWS_AS(ask("GET", "/volumes"), Json::exception);
}

TEST_CASE_FIXTURE(Volumes, "a fault that is thrown is answered by its name, with its message") {
  CHECK(ask("GET", "/volumes/8").body == fault_json("itemNotFound", 404, "Volume 8 is not here."));
  const auto limited = ask("POST", "/volumes/7/action", R"({"os-wait": null})");
  CHECK(limited.response.header("Retry-After") == "30");
  CHECK(limited.body["overLimit"]["retryAfter"] == "30");
  controller.index([](ResourceRequest&) -> ResourceResponse { throw request_error{409, "No."}; });
  CHECK(ask("GET", "/volumes").body == fault_json("conflictingRequest", 409, "No."));
  controller.index([](ResourceRequest&) -> ResourceResponse { throw std::runtime_error{"bug"}; });
  CHECK_THROWS_AS(ask("GET", "/volumes"), std::runtime_error);  // For faultwrap, or the server.
}

TEST_CASE_FIXTURE(Volumes, "the project in the path has to be that of who asks") {
  CHECK(ask("GET", "/volumes", "", "", "p").status == 200);
  CHECK(ask("GET", "/volumes", "", "", "q").body ==
        fault_json("badRequest", 400, "Malformed request url"));
}

TEST_CASE_FIXTURE(Volumes, "a controller is extended by actions, and around its methods") {
  Controller more;
  more.action("os-reset", [](ResourceRequest&) -> ResourceResponse { return Response{204}; });
  more.extends("show", [](ResourceRequest& request, const Controller::Method& next) {
    auto response = next(request);
    (*response.body())["volume"]["host"] = "h";
    return response;
  });
  more.extends("show", [](ResourceRequest& request, const Controller::Method& next) {
    auto response = next(request);
    (*response.body())["volume"]["inner"] = !response.body()->at("volume").contains("host");
    return response.set_status(203), std::move(response).set_header("X-Seen", "yes");
  });
  more.extends("nothing", [](ResourceRequest& request, const auto& next) { return next(request); });
  controller.extend(more);
  const auto shown = ask("GET", "/volumes/7");
  CHECK(shown.status == 203);
  CHECK(shown.response.header("X-Seen") == "yes");
  CHECK(shown.body == Json{{"volume", {{"id", "7"}, {"host", "h"}, {"inner", true}}}});
  CHECK(ask("POST", "/volumes/7/action", R"({"os-reset": {}})").status == 204);
  CHECK(ask("GET", "/volumes/8").status == 404);  // What it throws passes through.
}

TEST_CASE("a fault says when to come back for the statuses that have it, also in faultwrap") {
  const std::chrono::seconds three{3};
  CHECK(fault(429, "", three).header("Retry-After") == "3");
  CHECK_FALSE(fault(404, "", three).header("Retry-After"));
  const auto wrapped = thane::wsgi::faultwrap()([three](thane::wsgi::Request&) -> Response {
    throw fault_error{413, "Less.", three};
  });
  const auto answer = ask_api(wrapped, "GET", "/");
  CHECK(answer.body["overLimit"]["retryAfter"] == "3");
  CHECK(answer.response.header("Retry-After") == "3");
}

TEST_CASE("a controller refuses functions that are none, and statuses that are none") {
  Controller controller;
  CHECK_THROWS_AS(controller.show({}), std::invalid_argument);
  CHECK_THROWS_AS(controller.extends("show", {}), std::invalid_argument);
  const auto method = [](ResourceRequest&) -> ResourceResponse { return {}; };
  CHECK_THROWS_AS(controller.show(method, 42), std::invalid_argument);
}

TEST_CASE_FIXTURE(Volumes, "a body may be nested a hundred times, and not once more") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + "1" + std::string(depth, ']');
  };
  const auto message = [&](std::size_t depth) {
    return ask("POST", "/volumes", nested(depth)).body["badRequest"]["message"];
  };
  CHECK(message(Resource::max_json_depth) == "Missing required element 'volume' in request body.");
  CHECK(message(Resource::max_json_depth + 1) == malformed);
}

TEST_CASE_FIXTURE(Volumes, "what is under the name of an entity has to be an object") {
  CHECK(ask("POST", "/volumes", R"({"volume": 3})").body ==
        fault_json("badRequest", 400, "Missing required element 'volume' in request body."));
}

TEST_CASE_FIXTURE(Volumes, "an action is posted to nobody where a controller has none") {
  controller = Controller{};
  CHECK(ask("POST", "/volumes/7/action", R"({"os-extend": {}})").status == 404);
}

TEST_CASE_FIXTURE(Volumes, "an extension stands around actions, and takes the place of one") {
  const auto says = [](const char* who) {
    return [who](ResourceRequest&) -> ResourceResponse { return Json{{"by", who}}; };
  };
  const auto wraps = [](ResourceRequest& request, const Controller::Method& next) {
    auto response = next(request);
    (*response.body())["wrapped"] = true;
    return response;
  };
  Controller more;
  more.action("os-extend", says("extension")).extends_action("os-extend", wraps);
  controller.action("os-reset", says("own")).extends_action("os-reset", wraps);
  controller.extend(more);
  const Json by_extension{{"by", "extension"}, {"wrapped", true}};
  const Json by_own{{"by", "own"}, {"wrapped", true}};
  CHECK(ask("POST", "/volumes/7/action", R"({"os-extend": {}})").body == by_extension);
  CHECK(ask("POST", "/volumes/7/action", R"({"os-reset": {}})").body == by_own);
}

TEST_CASE_FIXTURE(Volumes, "JSON is sent by its own type if it has one, and always as UTF-8") {
  controller.index([](ResourceRequest&) -> ResourceResponse {
    auto response = ResourceResponse{Json{{"name", "a\xff"}}};
    return std::move(response).set_header("Content-Type", "application/vnd.shop+json");
  });
  const auto answer = ask("GET", "/volumes");
  CHECK(answer.response.header("Content-Type") == "application/vnd.shop+json");
  CHECK(answer.response.headers().size() == 1);
  CHECK(answer.body == Json{{"name", "a\xef\xbf\xbd"}});
}

}  // namespace
