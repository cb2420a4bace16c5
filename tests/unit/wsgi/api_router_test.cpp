#include <thane/wsgi/api_router.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

#include "api_world.hpp"
#include "support/captured_log.hpp"

using thane::testing::ask_api;
using thane::testing::fault_json;
using thane::testing::Json;
using thane::wsgi::ApiRouter;
using thane::wsgi::Controller;
using thane::wsgi::Extension;
using thane::wsgi::Mapper;
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

TEST_CASE("without a prefix resources stand at the top") {
  ApiRouter api{{.path_prefix = ""}};
  Controller volumes;
  volumes.index(says("volumes"));
  api.resource("volume", "volumes", volumes);
  CHECK(ask_api(api.application(), "GET", "/volumes").status == 200);
  CHECK(ask_api(api.application(), "GET", "/extensions").status == 200);
}

}  // namespace
