// tests/contract/paste_adapter, as others call it: a file in, one line of JSON out.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/child_process.hpp"
#include "support/temporary_directory.hpp"

using nlohmann::json;
using thane::testing::ChildProcess;
using thane::testing::Exit;

namespace {

// In the manner of OpenStack's services.
constexpr const char* volume_api = R"([DEFAULT]
region = %(here)s/one

[composite:osapi]
use = egg:Paste#urlmap
addr.public = nothing
/v3: v3
/: versions

[composite:v3]
use = call:volume.auth:pipeline_factory
noauth = audit api
keystone = audit size_filter api
keystone_nolimit = api

[filter:audit]
paste.filter_factory = volume.audit:Audit.factory

[filter:size_filter]
use = egg:volume#size_filter_app
limit = 100

[app:api]
paste.app_factory = volume.router:factory

[pipeline:versions]
pipeline = audit api

[server:main]
paste.server_runner = volume.serve:run

[app:circle]
use = circle
)";

struct Adapter {
  thane::testing::TemporaryDirectory folder;
  std::string file = folder.write("paste.ini", volume_api);

  static json run(const std::vector<std::string>& arguments) {
    ChildProcess adapter{PROGRAMS_DIR "/../contract/paste_adapter", arguments};
    const auto line = "{\"ok\":" + adapter.expect_line("{\"ok\":");
    CHECK(adapter.wait_exit() == Exit{.code = 0});
    return json::parse(line);
  }
};

TEST_CASE_FIXTURE(Adapter, "an application comes with its tree and the calls that made it") {
  const json result = run({"app", file, "osapi", R"({"debug": "1"})"});
  const json api{{"object", "volume.router:factory"}};
  const json audited{{"filter", "volume.audit:Audit.factory"}, {"next", api}};
  const json v3{{"filter", "volume.audit:Audit.factory"},
                {"next", {{"filter", "egg:volume#size_filter_app"}, {"next", api}}}};
  CHECK(result["tree"] == json{{"composite", "egg:Paste#urlmap"},
                               {"map",
                                {{"/", audited},
                                 {"/v3",
                                  {{"composite", "call:volume.auth:pipeline_factory"},
                                   {"map", {{"keystone", v3}}}}}}}});
  std::vector<std::string> called;
  for (const auto& call : result["calls"]) {
    called.push_back(call["factory"]);
  }
  CHECK(called == std::vector<std::string>{"egg:Paste#urlmap", "call:volume.auth:pipeline_factory",
                                           "volume.audit:Audit.factory", "volume.router:factory",
                                           "egg:volume#size_filter_app", "volume.router:factory",
                                           "volume.audit:Audit.factory"});
  CHECK(result["calls"][4]["local_conf"] == json{{"limit", "100"}});
  CHECK(result["calls"][4]["global_conf"] == json{{"here", folder.path()},
                                                  {"__file__", file},
                                                  {"region", folder.path() + "/one"},
                                                  {"debug", "1"}});
}

TEST_CASE_FIXTURE(Adapter, "filters, servers and settings are loaded too, from a URI as well") {
  CHECK(run({"filter", file, "audit", "{}"})["tree"] ==
        json{{"object", "volume.audit:Audit.factory"}});
  const json late = run({"filter", file, "size_filter", ""});
  CHECK(late["tree"] == json{{"object", "egg:volume#size_filter_app"}});
  CHECK(late["calls"] == json::array());
  CHECK(run({"server", file, "", "{}"})["tree"] == json{{"object", "volume.serve:run"}});
  const json config = run({"config", "unused", "", "{}", "config:paste.ini#osapi", folder.path()});
  CHECK(config["local_conf"] == json{{"addr.public", "nothing"}, {"/v3", "v3"}, {"/", "versions"}});
}

TEST_CASE_FIXTURE(Adapter, "an error comes with its category and a sentence") {
  const auto category = [](const std::vector<std::string>& arguments) {
    const json result = run(arguments);
    CHECK_FALSE(result["ok"].get<bool>());
    CHECK_FALSE(result["message"].get<std::string>().empty());
    return result["category"].get<std::string>();
  };
  CHECK(category({"app", file, "none", "{}"}) == "lookup");
  CHECK(category({"app", file, "circle", "{}"}) == "loop");
  CHECK(category({"app", file + ".none", "", "{}"}) == "missing-file");
  CHECK(category({"app", file, "api", R"({"k": "5%"})"}) == "interpolation");
  CHECK(category({"app", folder.write("bad.ini", "k = v\n"), "", "{}"}) == "parse");
  CHECK(category({"app", file, "", "{}", "config:paste.ini"}) == "value");
}

}  // namespace
