#include <thane/wsgi/api_versions.hpp>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include <thane/wsgi/links.hpp>
#include <thane/wsgi/middleware/faultwrap.hpp>

#include "middleware/stock.hpp"

namespace thane::wsgi {

namespace {

using Json = nlohmann::json;

const char* word(VersionStatus status) {
  switch (status) {
    case VersionStatus::current:
      return "CURRENT";
    case VersionStatus::supported:
      return "SUPPORTED";
    case VersionStatus::deprecated:
      return "DEPRECATED";
    case VersionStatus::experimental:
      return "EXPERIMENTAL";
  }
  return "";
}

// "v2" of "v2.0".
std::string major(const ApiVersion& version) {
  return version.id.substr(0, version.id.find('.'));
}

std::string option_name(const ApiVersion& version) {
  return "enable_" + major(version) + "_api";
}

bool is_enabled(const ApiVersion& version, const Config& config) {
  return config.get<bool>(option_name(version));
}

// `href`: where it is.
Json shown(const ApiVersion& version, const std::string& href) {
  Json links = Json::array();
  if (!version.described_by.empty()) {
    links.push_back(
        {{"rel", "describedby"}, {"type", "text/html"}, {"href", version.described_by}});
  }
  links.push_back({{"rel", "self"}, {"href", href}});
  Json media_types = Json::array();
  if (!version.media_type.empty()) {
    media_types.push_back({{"base", "application/json"}, {"type", version.media_type}});
  }
  return {{"id", version.id},
          {"status", word(version.status)},
          {"version", version.version},
          {"min_version", version.min_version},
          {"updated", version.updated},
          {"links", std::move(links)},
          {"media-types", std::move(media_types)}};
}

bool is_root(const Request& request) {
  return request.path().empty() || request.path() == "/";
}

}  // namespace

ApiVersions::ApiVersions(std::vector<ApiVersion> versions, std::string public_endpoint)
    : versions_(std::move(versions)), public_endpoint_(std::move(public_endpoint)) {
  std::ranges::sort(versions_, {}, &ApiVersion::id);
}

OptGroup ApiVersions::options() const {
  OptGroup group{"DEFAULT", {}};
  for (const ApiVersion& version : versions_) {
    group.options.emplace_back(
        Opt<bool>{.name = option_name(version),
                  .default_value = true,
                  .help = "Whether version " + version.id + " of the API is served."});
  }
  return group;
}

ApiVersions ApiVersions::enabled(const Config& config) const {
  ApiVersions result = *this;
  std::erase_if(result.versions_,
                [&](const ApiVersion& version) { return !is_enabled(version, config); });
  return result;
}

Application ApiVersions::application() const {
  return [versions = versions_, endpoint = public_endpoint_](Request& request) {
    if (!is_root(request)) return fault(404);
    Json list = Json::array();
    for (const ApiVersion& version : versions) {
      list.push_back(shown(version, link_to(request, "/" + major(version) + "/", endpoint)));
    }
    return Response::json({{"versions", std::move(list)}}).set_status(300);
  };
}

Application ApiVersions::detail(std::string_view id) const {
  const auto found = std::ranges::find(versions_, id, &ApiVersion::id);
  if (found == versions_.end()) {
    throw std::invalid_argument("there is no version \"" + std::string{id} + "\" of the API");
  }
  return [version = *found, endpoint = public_endpoint_](Request& request) {
    if (!is_root(request)) return fault(404);
    return Response::json({{"versions", {shown(version, link_to(request, "/", endpoint))}}});
  };
}

Registry::CompositeFactory ApiVersions::composite(const Config& config,
                                                  Registry::CompositeFactory urlmap) const {
  if (!urlmap) urlmap = internal::make_urlmap;
  return [versions = versions_, config, urlmap = std::move(urlmap)](
             Loader& loader, const Settings& global_conf, const Settings& local_conf) {
    Settings rest = local_conf;
    for (const ApiVersion& version : versions) {
      if (!is_enabled(version, config)) rest.take("/" + major(version));
    }
    return urlmap(loader, global_conf, rest);
  };
}

}  // namespace thane::wsgi
