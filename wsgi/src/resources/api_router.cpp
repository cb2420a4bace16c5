#include <thane/wsgi/api_router.hpp>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include <thane/log.hpp>
#include <thane/wsgi/fault_error.hpp>
#include <thane/wsgi/middleware/faultwrap.hpp>
#include <thane/wsgi/resource.hpp>
#include <thane/wsgi/router.hpp>

namespace thane::wsgi {

namespace {

using Json = nlohmann::json;
using Resources = std::map<std::string, Resource, std::less<>>;

constexpr std::string_view extensions_key = "extensions";

Json shown(const Extension& extension) {
  return {{"alias", extension.alias},
          {"name", extension.name},
          {"description", extension.description},
          {"updated", extension.updated},
          {"links", Json::array()}};
}

Response call_resource(const Resources& resources, Request& request) {
  const auto* key = request.path_args().find("controller");
  const auto found = key != nullptr && *key ? resources.find(**key) : resources.end();
  return found == resources.end() ? fault(404) : found->second(request);
}

// What the Router says by a status alone.
Response as_fault(Response response) {
  if (response.status() != 405 || !response.body().empty() || response.body_stream()) {
    return response;
  }
  Response refused = fault(405);
  if (const auto allow = response.header("Allow")) refused.set_header("Allow", *allow);
  return refused;
}

}  // namespace

OptGroup api_router_options() {
  return {"DEFAULT",
          {Opt<std::string>{.name = "project_id_regex",
                            .default_value = R"([0-9a-f\-]+)",
                            .help = "What the id of a project looks like in paths: a regular "
                                    "expression in Python's syntax."}}};
}

ApiRouter::ApiRouter(ApiRouterOptions options) : options_(std::move(options)) {}

void ApiRouter::resource(std::string_view member, std::string_view collection,
                         Controller controller, ResourceOptions options) {
  std::string key = options.controller.empty() ? std::string{collection} : options.controller;
  const bool taken = std::ranges::find(collections_, key, &Collection::key) != collections_.end();
  if (taken || key == extensions_key) {
    throw std::invalid_argument("there is a resource \"" + key + "\" already");
  }
  collections_.push_back({std::move(key), std::string{member}, std::string{collection},
                          std::move(controller), std::move(options)});
}

void ApiRouter::routes(std::function<void(Mapper&)> connect) {
  routes_.push_back(std::move(connect));
}

void ApiRouter::add_extension(Extension extension) {
  if (std::ranges::find(extensions_, extension.alias, &Extension::alias) != extensions_.end()) {
    throw std::invalid_argument("Found duplicate extension: " + extension.alias);
  }
  for (const ResourceExtension& more : extension.resources) {
    resource(more.member.empty() ? more.collection : more.member, more.collection, more.controller,
             more.options);
  }
  extensions_.push_back(std::move(extension));
}

Controller ApiRouter::extensions_controller() const {
  Controller controller;
  controller.index([all = extensions_](ResourceRequest&) -> ResourceResponse {
    Json list = Json::array();
    for (const Extension& extension : all) list.push_back(shown(extension));
    return Json{{"extensions", std::move(list)}};
  });
  controller.show([all = extensions_](ResourceRequest& request) -> ResourceResponse {
    const auto found = std::ranges::find(all, request.id(), &Extension::alias);
    if (found == all.end()) throw fault_error{404};
    return Json{{"extension", shown(*found)}};
  });
  return controller;
}

std::vector<ApiRouter::Collection> ApiRouter::extended() const {
  auto result = collections_;
  result.push_back(
      {std::string{extensions_key}, "extension", "extensions", extensions_controller(), {}});
  for (const Extension& extension : extensions_) {
    for (const ControllerExtension& more : extension.controllers) {
      const auto found = std::ranges::find(result, more.collection, &Collection::key);
      if (found == result.end()) {
        log::warning("Extension {}: Cannot extend resource {}: No such resource", extension.name,
                     more.collection);
      } else {
        found->controller.extend(more.controller);
      }
    }
  }
  return result;
}

// The prefix counts where a resource does not have its own.
void ApiRouter::connect(const Collection& one, const std::string& path_prefix,
                        Mapper& mapper) const {
  ResourceOptions options = one.options;
  options.controller = one.key;
  if (!path_prefix.empty() && !options.path_prefix) {
    options.path_prefix = path_prefix;
    if (const auto& parent = options.parent_resource) {
      *options.path_prefix += "/" + parent->collection_name + "/:" + parent->member_name + "_id";
    }
  }
  const auto is_action = [](const auto& member) { return member.first == "action"; };
  const bool has_actions = !one.controller.actions().empty();
  if (has_actions && std::ranges::none_of(options.member, is_action)) {
    options.member.emplace_back("action", "POST");
  }
  mapper.resource(one.member, one.collection, options);
}

Mapper ApiRouter::table(const std::vector<Collection>& collections) const {
  // Else /volumes/a.b would be "a" in the format "b".
  Requirements requirements{{"format", "json"}};
  if (!options_.project_id_regex.empty()) {
    requirements.emplace("project_id", options_.project_id_regex);
  }
  Mapper mapper{{.requirements = std::move(requirements)}};
  for (const auto& routes : routes_) routes(mapper);
  for (const Collection& one : collections) {
    connect(one, options_.path_prefix, mapper);
    const bool elsewhere = !options_.path_prefix.empty() && !one.options.path_prefix;
    if (elsewhere && options_.prefix == PathPrefix::optional) connect(one, {}, mapper);
  }
  return mapper;
}

Application ApiRouter::application() const {
  auto collections = extended();
  const Mapper mapper = table(collections);
  Resources resources;
  for (const Collection& one : collections) resources.emplace(one.key, Resource{one.controller});

  Router router;
  router.mount(mapper, [resources = std::move(resources)](Request& request) {
    return call_resource(resources, request);
  });
  if (root_) router.any("/", root_);
  router.not_found([](Request&) { return fault(404); });
  return [router](Request& request) { return as_fault(router(request)); };
}

}  // namespace thane::wsgi
