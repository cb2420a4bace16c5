#include <thane/wsgi/api_versions.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include <thane/wsgi/loader.hpp>

#include "api_world.hpp"
#include "support/temporary_directory.hpp"

using thane::Config;
using thane::testing::ask_api;
using thane::testing::Json;
using thane::testing::MadeRequest;
using thane::wsgi::ApiVersions;
using thane::wsgi::Application;
using thane::wsgi::Loader;
using thane::wsgi::Settings;
using thane::wsgi::VersionStatus;

namespace {

ApiVersions versions(const std::string& endpoint = {}) {
  return ApiVersions{{{.id = "v2.0",
                       .updated = "2014-06-28T12:20:21Z",
                       .version = "2.7",
                       .min_version = "2.0",
                       .described_by = "https://docs.example.com/",
                       .media_type = "application/vnd.openstack.volume+json;version=2"},
                      {.id = "v1.0", .status = VersionStatus::deprecated}},
                     endpoint};
}

TEST_CASE("the root says with 300 which versions there are, sorted, and where") {
  const auto answer = ask_api(versions().application(), "GET", "/");
  CHECK(answer.status == 300);
  REQUIRE(answer.body["versions"].size() == 2);
  CHECK(answer.body["versions"][0]["id"] == "v1.0");
  CHECK(answer.body["versions"][0]["status"] == "DEPRECATED");
  const Json second{
      {"id", "v2.0"},
      {"status", "CURRENT"},
      {"version", "2.7"},
      {"min_version", "2.0"},
      {"updated", "2014-06-28T12:20:21Z"},
      {"links",
       {{{"rel", "describedby"}, {"type", "text/html"}, {"href", "https://docs.example.com/"}},
        {{"rel", "self"}, {"href", "http://h/v2/"}}}},
      {"media-types",
       {{{"base", "application/json"},
         {"type", "application/vnd.openstack.volume+json;version=2"}}}}};
  CHECK(answer.body["versions"][1] == second);
  CHECK(ask_api(versions().application(), "GET", "/v3").body["itemNotFound"]["code"] == 404);
}

TEST_CASE("a version says of itself what it is, with 200 and a link to where it is mounted") {
  MadeRequest request{"GET", "/v2/"};
  request->shift_path(3);
  const auto response = versions().detail("v2.0")(*request);
  CHECK(response.status() == 200);
  const auto body = Json::parse(response.body());
  REQUIRE(body["versions"].size() == 1);
  CHECK(body["versions"][0]["links"][1]["href"] == "http://h/v2/");
  CHECK_THROWS_AS(versions().detail("v3.0"), std::invalid_argument);
}

TEST_CASE("links begin with the public endpoint where there is one") {
  const auto behind_proxy = versions("https://api.example.com/volume/");
  const auto answer = ask_api(behind_proxy.application(), "GET", "/");
  CHECK(answer.body["versions"][1]["links"][1]["href"] == "https://api.example.com/volume/v2/");
}

TEST_CASE("a version that is switched off is neither listed nor mounted") {
  const auto all = versions();
  const auto config = Config::parse({"--noenable-v1-api"}, {all.options()});
  const auto answer = ask_api(all.enabled(config).application(), "GET", "/");
  REQUIRE(answer.body["versions"].size() == 1);
  CHECK(answer.body["versions"][0]["id"] == "v2.0");

  std::vector<std::string> mounted;
  thane::wsgi::Registry registry;
  registry.add_composite(
      "call:shop:root",
      all.composite(config, [&](Loader&, const Settings&, const Settings& paths) -> Application {
        for (const auto& [path, name] : paths) mounted.push_back(path);
        return all.application();
      }));
  const thane::testing::TemporaryDirectory files;
  const auto file = files.write(
      "paste.ini", "[composite:main]\nuse = call:shop:root\n/: versions\n/v1: one\n/v2: two\n");
  (void)thane::wsgi::load_app(registry, "config:" + file);
  CHECK(mounted == std::vector<std::string>{"/", "/v2"});
}

TEST_CASE("a version is found where it is mounted, with '/' behind it and without") {
  MadeRequest request{"GET", "/v2"};
  request->shift_path(3);
  CHECK(versions().detail("v2.0")(*request).status() == 200);
}

}  // namespace
