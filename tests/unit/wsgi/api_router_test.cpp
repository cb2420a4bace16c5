#include <thane/wsgi/api_router.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <thane/config.hpp>

#include "api_world.hpp"
#include "support/captured_log.hpp"

using thane::testing::ask_api;
using thane::testing::fault_json;
using thane::testing::Json;
using thane::wsgi::ApiRouter;
using thane::wsgi::Controller;
using thane::wsgi::Extension;
using thane::wsgi::Mapper;
using thane::wsgi::PathPrefix;
using thane::wsgi::Request;
using thane::wsgi::ResourceRequest;
using thane::wsgi::ResourceResponse;
using thane::wsgi::Response;

namespace {

Controller::Method says(const std::string& what) {
  return [what](ResourceRequest& request) -> ResourceResponse {
    const auto* parent = request.http().path_args().find("volume_id");
    return Json{{what, parent != nullptr ? **parent : ""}};
  };
}

Extension more_volumes() {
  Controller snapshots, actions;
  snapshots.index(says("snapshots"));
  actions.action("os-extend", says("extended"));
  return {.alias = "os-more",
          .name = "More",
          .description = "More of it.",
          .updated = "2012-06-19T00:00:00+00:00",
          .resources = {{.collection = "snapshots",
                         .controller = snapshots,
                         .options = {.parent_resource = {{"volume", "volumes"}}}}},
          .controllers = {{"volumes", actions}}};
}

struct Api {
  Api() {
    Controller volumes;
    volumes.index(says("volumes")).method("detail", says("details"));
    api.resource("volume", "volumes", volumes, {.collection = {{"detail", "GET"}}});
  }

  [[nodiscard]] auto ask(std::string_view method, std::string_view path,
                         const std::string& body = {}) const {
    return ask_api(api.application(), method, path, body);
  }
  [[nodiscard]] Json get(std::string_view path) const { return ask("GET", path).body; }

  ApiRouter api;
};

TEST_CASE_FIXTURE(Api, "resources stand below the project") {
  CHECK(get("/p/volumes") == Json{{"volumes", ""}});
  CHECK(get("/p/volumes/detail") == Json{{"details", ""}});
  CHECK(get("/p/volumes.json") == Json{{"volumes", ""}});
  CHECK(ask("GET", "/volumes").status == 404);
  CHECK(ask("HEAD", "/p/volumes").status == 200);
}

TEST_CASE_FIXTURE(Api, "what is not there is fault 404, and a wrong method fault 405 with Allow") {
  CHECK(get("/p/none") == fault_json("itemNotFound", 404, "The resource could not be found."));
  const auto wrong = ask("PATCH", "/p/volumes");
  CHECK(wrong.status == 405);
  CHECK(wrong.body["badMethod"]["code"] == 405);
  CHECK(wrong.response.header("Allow") == "POST, GET, HEAD, OPTIONS");
}

TEST_CASE_FIXTURE(Api, "an extension adds resources, and actions that bring their route") {
  CHECK(ask("POST", "/p/volumes/7/action", R"({"os-extend": {}})").status == 404);
  api.add_extension(more_volumes());
  CHECK(get("/p/volumes/7/snapshots") == Json{{"snapshots", "7"}});
  CHECK(ask("POST", "/p/volumes/7/action", R"({"os-extend": {}})").status == 202);
}

TEST_CASE_FIXTURE(Api, "the listing tells of each extension") {
  CHECK(get("/p/extensions") == Json{{"extensions", Json::array()}});
  api.add_extension(more_volumes());
  const Json shown{{"alias", "os-more"},
                   {"name", "More"},
                   {"description", "More of it."},
                   {"updated", "2012-06-19T00:00:00+00:00"},
                   {"links", Json::array()}};
  CHECK(get("/p/extensions") == Json{{"extensions", {shown}}});
  CHECK(get("/p/extensions/os-more") == Json{{"extension", shown}});
  CHECK(ask("GET", "/p/extensions/os-less").status == 404);
  CHECK(ask("DELETE", "/p/extensions/os-more").status == 404);
}

TEST_CASE_FIXTURE(Api,
                  "an extension of what is not there is a warning, and the rest of it counts") {
  auto extension = more_volumes();
  extension.controllers.push_back({"backups", {}});
  api.add_extension(extension);
  const thane::testing::CapturedLog log;
  CHECK(ask("POST", "/p/volumes/7/action", R"({"os-extend": {}})").status == 202);
  CHECK(log.count("Extension More: Cannot extend resource backups: No such resource") == 1);
}

TEST_CASE_FIXTURE(Api, "names that are taken are errors") {
  api.add_extension(more_volumes());
  CHECK_THROWS_WITH_AS(api.add_extension(more_volumes()), "Found duplicate extension: os-more",
                       std::invalid_argument);
  CHECK_THROWS_AS(api.resource("volume", "volumes", {}), std::invalid_argument);
  CHECK_THROWS_AS(api.resource("extension", "extensions", {}), std::invalid_argument);
}

TEST_CASE_FIXTURE(Api, "other routes lead to a collection's methods, and the root has its own") {
  api.routes([](Mapper& table) {
    table.connect("/all", {.controller = "volumes", .action = "detail"});
    table.connect("/lost", {.controller = "nobody", .action = "detail"});
  });
  CHECK(get("/all") == Json{{"details", ""}});
  CHECK(ask("GET", "/lost").status == 404);
  CHECK(ask("GET", "/").status == 404);
  api.root([](Request&) { return Response{204}; });
  CHECK(ask("GET", "/").status == 204);
}

TEST_CASE_FIXTURE(Api, "the format of a path is json, all else after a dot belongs to the id") {
  Controller types;
  types.show([](ResourceRequest& request) -> ResourceResponse {
    return Json{{request.id(), request.http().path_args().contains("format")}};
  });
  api.resource("type", "types", types);
  CHECK(get("/p/types/fast.v2") == Json{{"fast.v2", false}});
  CHECK(get("/p/types/fast.v2.json") == Json{{"fast.v2", true}});
  CHECK(ask("GET", "/p/volumes.xml").status == 404);
}

// What cinder's ProjectMapper says of the same table.
struct OptionalProject {
  explicit OptionalProject(const std::string& regex) {
    ApiRouter api{{.prefix = PathPrefix::optional, .project_id_regex = regex}};
    Controller volumes, snapshots;
    const auto says = [](ResourceRequest& request) -> ResourceResponse {
      Json all{{"action", request.action()}};
      for (const char* name : {"project_id", "volume_id", "id"}) {
        const auto* value = request.http().path_args().find(name);
        if (value != nullptr) all[name] = value->value_or("");
      }
      return all;
    };
    volumes.index(says).show(says).method("detail", says).action("os-extend", says);
    snapshots.show(says);
    api.resource("volume", "volumes", volumes, {.collection = {{"detail", "GET"}}});
    api.resource("snapshot", "snapshots", snapshots, {.parent_resource = {{"volume", "volumes"}}});
    api.resource("fed", "fed", volumes, {.path_prefix = "own"});
    api.routes([](Mapper& table) {
      table.connect("/{project_id}/all", {.controller = "volumes", .action = "index"});
    });
    application = api.application();
  }
  [[nodiscard]] Json get(std::string_view path) const {
    const auto answer = ask_api(application, "GET", path);
    return answer.status == 200 ? answer.body : Json{};
  }

  thane::wsgi::Application application;
};

TEST_CASE("an optional project may stand before a resource, if it looks like one") {
  const OptionalProject api{R"([0-9a-f\-]+)"};
  CHECK(api.get("/volumes") == Json{{"action", "index"}});
  CHECK(api.get("/abc-1/volumes") == Json{{"action", "index"}, {"project_id", "abc-1"}});
  CHECK(api.get("/demo/volumes") == Json{});
  CHECK(api.get("/abc-1x/volumes") == Json{});
  CHECK(api.get("/volumes/detail") == Json{{"action", "detail"}});
  CHECK(api.get("/abc/volumes/detail") == Json{{"action", "detail"}, {"project_id", "abc"}});
  CHECK(api.get("/volumes/volumes") == Json{{"action", "show"}, {"id", "volumes"}});
  CHECK(api.get("/abc/volumes/fed") ==
        Json{{"action", "show"}, {"id", "fed"}, {"project_id", "abc"}});
  const Json snapshot{{"action", "show"}, {"id", "9"}, {"volume_id", "x.y"}};
  CHECK(api.get("/volumes/x.y/snapshots/9") == snapshot);
  Json with_project = snapshot;
  with_project["project_id"] = "f";
  CHECK(api.get("/f/volumes/x.y/snapshots/9") == with_project);
  CHECK(api.get("/extensions").contains("extensions"));
  CHECK(api.get("/f/extensions").contains("extensions"));
}

TEST_CASE("actions have routes with a project and without, other prefixes and routes stay") {
  const OptionalProject api{"[0-9a-f]{4}"};
  const auto status = [&](std::string_view method, std::string_view path) {
    return ask_api(api.application, method, path, R"({"os-extend": {}})").status;
  };
  CHECK(status("POST", "/volumes/7/action") == 202);
  CHECK(status("POST", "/01ef/volumes/7/action") == 202);
  CHECK(status("POST", "/1ef/volumes/7/action") == 404);
  CHECK(status("GET", "/own/fed") == 200);
  CHECK(status("GET", "/fed") == 404);
  CHECK(status("GET", "/01ef/fed") == 404);
  CHECK(status("GET", "/01ef/all") == 200);
  CHECK(status("GET", "/demo/all") == 404);
}

TEST_CASE("a project has to be the one that a filter has left, and to be there need not it") {
  const OptionalProject api{R"([0-9a-f\-]+)"};
  const auto status = [&](std::string_view path) {
    return ask_api(api.application, "GET", path, {}, {}, "abc").status;
  };
  CHECK(status("/abc/volumes") == 200);
  CHECK(status("/abd/volumes") == 400);
  CHECK(status("/volumes") == 200);
}

TEST_CASE("what a project looks like is an option, and has to be a regular expression") {
  const auto group = thane::wsgi::api_router_options();
  const auto config = thane::Config::parse({}, {group}, {}, {});
  CHECK(config.get<std::string>("project_id_regex") == R"([0-9a-f\-]+)");
  const ApiRouter api{{.project_id_regex = "["}};
  CHECK_THROWS_AS((void)api.application(), std::invalid_argument);
}

TEST_CASE("without a prefix resources stand at the top") {
  ApiRouter api{{.path_prefix = ""}};
  Controller volumes;
  volumes.index(says("volumes"));
  api.resource("volume", "volumes", volumes);
  CHECK(ask_api(api.application(), "GET", "/volumes").status == 200);
  CHECK(ask_api(api.application(), "GET", "/extensions").status == 200);
}

TEST_CASE_FIXTURE(Api, "an extension finds a resource by the name of its controller") {
  api.resource("backup", "backups", {}, {.controller = "copies"});
  Controller actions;
  actions.action("os-copy", says("copied"));
  api.add_extension({.alias = "os-copy",
                     .name = "Copy",
                     .description = "",
                     .updated = "",
                     .controllers = {{"copies", actions}}});
  CHECK(ask("POST", "/p/backups/7/action", R"({"os-copy": {}})").status == 202);
}

TEST_CASE_FIXTURE(Api, "an answer 405 of a method's own is left as it is") {
  Controller fixed;
  fixed.index([](ResourceRequest&) -> ResourceResponse { return Response{405}.set_body("{}"); });
  api.resource("fix", "fixes", fixed);
  CHECK(ask("GET", "/p/fixes").response.body() == "{}");
}

}  // namespace
