// volume_api: an API in the manner of cinder: two versions, an extension, volumes in memory.
//
//   ./volume_api --config-file examples/volume_api/volume_api.conf      with its Paste file
//
//   api=http://127.0.0.1:8776 json='Content-Type: application/json'
//   curl $api/                                                          its versions
//   curl $api/v2/demo/volumes -H "$json" -d '{"volume": {"name": "data", "size": 3}}'
//   curl $api/v2/demo/volumes/1/action -H "$json" -d '{"os-extend": {"new_size": 5}}'
//   curl "$api/v2/demo/volumes/detail?limit=1"                          a page, a link to the next
//   curl $api/v2/demo/extensions
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thane/launcher.hpp>
#include <thane/log.hpp>
#include <thane/wsgi.hpp>
#include <utility>
#include <vector>

namespace wsgi = thane::wsgi;
using Json = nlohmann::json;
using wsgi::ResourceRequest;
using wsgi::ResourceResponse;

namespace {

struct Volume {
  std::string id;
  std::string name;
  int size;  // GiB.
};

// One process has one: volume_api.conf asks for one worker. A real API keeps them in a database.
struct Store {
  std::vector<Volume> volumes = {};
  int last_id = 0;

  Volume& get(const std::string& id) {
    const auto found = std::ranges::find(volumes, id, &Volume::id);
    if (found == volumes.end())
      throw wsgi::fault_error{404, "Volume " + id + " could not be found."};
    return *found;
  }
  Volume& add(std::string name, int size) {
    if (size < 1) throw wsgi::fault_error{400, "size must be a positive number of GiB"};
    volumes.push_back({std::to_string(++last_id), std::move(name), size});
    return volumes.back();
  }
};
using Shared = std::shared_ptr<Store>;

enum class View { summary, detail };

Json shown(const Volume& volume, View view) {
  Json json{{"id", volume.id}, {"name", volume.name}};
  if (view == View::detail) json["size"] = volume.size;
  return json;
}

wsgi::Controller::Method list(const thane::Config& config, const Shared& store, View view) {
  return [=](ResourceRequest& request) -> ResourceResponse {
    const auto page = wsgi::page_of(request.http(), config.get<int>("osapi_max_limit"));
    const auto some = wsgi::limited_by_marker(store->volumes, page, &Volume::id);
    Json content{{"volumes", Json::array()}};
    for (const Volume& volume : some) content["volumes"].push_back(shown(volume, view));
    wsgi::add_next_link(content, "volumes", request.http(), page,
                        some.empty() ? "" : some.back().id,
                        config.get<std::string>("public_endpoint"));
    return content;
  };
}

wsgi::Controller volumes(const thane::Config& config, const Shared& store) {
  wsgi::Controller controller;
  controller.index(list(config, store, View::summary))
      .method("detail", list(config, store, View::detail))
      .show([store](ResourceRequest& request) -> ResourceResponse {
        return Json{{"volume", shown(store->get(request.id()), View::detail)}};
      })
      .create(
          [store](ResourceRequest& request) -> ResourceResponse {
            const Json& wanted = request.entity("volume");
            const auto& volume = store->add(wanted.value("name", ""), wanted.at("size").get<int>());
            return Json{{"volume", shown(volume, View::detail)}};
          },
          202)
      .remove([store](ResourceRequest& request) -> ResourceResponse {
        (void)store->get(request.id());
        std::erase_if(store->volumes, [&](const Volume& one) { return one.id == request.id(); });
        return {};
      });
  return controller;
}

// Adds an action to what is there; version 1 does without it.
wsgi::Extension extend_action(const Shared& store) {
  wsgi::Controller controller;
  controller.action("os-extend", [store](ResourceRequest& request) -> ResourceResponse {
    const int size = request.action_arguments().at("new_size").get<int>();
    Volume& volume = store->get(request.id());
    if (size <= volume.size) throw wsgi::fault_error{400, "new_size must be larger than the size"};
    volume.size = size;
    return {};
  });
  return {.alias = "os-extend",
          .name = "ExtendVolume",
          .description = "Makes volumes larger.",
          .updated = "2026-01-01T00:00:00+00:00",
          .controllers = {{"volumes", controller}}};
}

wsgi::ApiVersions versions() {
  return wsgi::ApiVersions{{{.id = "v1.0", .status = wsgi::VersionStatus::deprecated},
                            {.id = "v2.0", .updated = "2026-01-01T00:00:00Z"}}};
}

// What examples/volume_api/api-paste.ini may name.
wsgi::Registry make_registry(const thane::Config& config, const Shared& store) {
  const auto api = [=](const char* id, std::vector<wsgi::Extension> extensions) {
    wsgi::ApiRouter router;
    router.root(versions().detail(id));
    router.resource("volume", "volumes", volumes(config, store),
                    {.collection = {{"detail", "GET"}}});
    for (auto& extension : extensions) router.add_extension(std::move(extension));
    return [router](const wsgi::Settings&, const wsgi::Settings&) { return router.application(); };
  };
  wsgi::Registry registry;
  registry.add_composite("call:volume_api:root", versions().composite(config));
  registry.add_app("egg:volume_api#versions", [config](const auto&, const auto&) {
    return versions().enabled(config).application();
  });
  registry.add_app("egg:volume_api#v1", api("v1.0", {}));
  registry.add_app("egg:volume_api#v2", api("v2.0", {extend_action(store)}));
  wsgi::add_stock_parts(registry, wsgi::stock_options_from(*config.snapshot()));
  return registry;
}

}  // namespace

int main(int argc, char** argv) {
  const auto parts = [store = std::make_shared<Store>()](const thane::Config& config) {
    return make_registry(config, store);
  };
  const auto config = thane::Config::from_command_line(
      argc, argv,
      wsgi::with_stock_options(
          {thane::launcher_options(), wsgi::api_options({{"osapi_volume", 8776}}, parts),
           wsgi::api_server_options(), wsgi::pagination_options(), versions().options()}));
  auto api = std::make_unique<wsgi::WSGIService>(config, "osapi_volume", parts);
  thane::log::info("try: curl http://127.0.0.1:{}/", api->port());
  const auto workers = api->workers_option();
  return thane::launch(config, std::move(api), {.workers_option = workers})->wait();
}
