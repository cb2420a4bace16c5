#include <thane/wsgi/middleware/urlmap.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <thane/internal/in_quotes.hpp>
#include <thane/wsgi/loader.hpp>

#include "../characters.hpp"
#include "../paste/unicode_text.hpp"
#include "stock.hpp"

namespace thane::wsgi {

namespace {

using thane::internal::in_quotes;

struct Place {
  std::string host = {};  // In lower case, with a port if there was one; empty: each.
  std::string path = {};  // Without '/' at its end.
  bool wildcard = false;  // There has to be something behind the '/' that follows.
  Application application = {};
};

std::string lower(std::string_view text) {
  std::string result{text};
  std::ranges::transform(result, result.begin(), internal::to_lower);
  return result;
}

std::string with_single_slashes(std::string_view path) {
  std::string result;
  for (const char c : path) {
    if (c != '/' || !result.ends_with('/')) result.push_back(c);
  }
  return result;
}

[[noreturn]] void refuse(std::string_view where, std::string_view why) {
  throw std::invalid_argument(
      fmt::format("{} is no place for a urlmap: {}", in_quotes(where), why));
}

// "domain example.org port 8080 /v2" as a URL; what is none of Paste's words is taken for a path.
std::string url_of(std::string_view where) {
  std::optional<std::string_view> domain;
  std::optional<std::string_view> port;
  std::optional<std::string_view> path;
  const auto words = internal::split_words(where);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool named = words[i] == "domain" || words[i] == "port";
    auto& part = !named ? path : words[i] == "domain" ? domain : port;
    if (part) refuse(where, named ? fmt::format("\"{}\" twice", words[i]) : "two paths");
    if (named && ++i == words.size()) refuse(where, "nothing follows the last word");
    part = words[i];
  }
  if (port && !domain) refuse(where, "a port without a domain");
  std::string url = domain ? "http://" + std::string{*domain} : "";
  if (port) url += ":" + std::string{*port};
  if (path && domain && !path->starts_with('/')) url += '/';
  return url.append(path.value_or(""));
}

Place place_of(const Mount& mount, UrlMapOptions::Wildcard wildcard) {
  if (!mount.application) refuse(mount.where, "it has no application");
  const std::string url = url_of(mount.where);
  std::string_view rest = url;
  Place place{.application = mount.application};
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!rest.starts_with(scheme)) continue;
    rest.remove_prefix(scheme.size());
    const auto slash = std::min(rest.find('/'), rest.size());
    place.host = lower(rest.substr(0, slash));
    rest.remove_prefix(slash);
    if (place.host.empty()) refuse(mount.where, "there is no host behind \"//\"");
  }
  if (!rest.empty() && rest.front() != '/') {
    refuse(mount.where, "it begins neither with '/' nor with http://");
  }
  place.path = with_single_slashes(rest);
  if (place.path.ends_with('/')) place.path.pop_back();
  if (wildcard == UrlMapOptions::Wildcard::at_end && place.path.ends_with("/+")) {
    place.path.resize(place.path.size() - 2);
    place.wildcard = true;
  }
  return place;
}

// With a host before without, in the order of hosts as Paste has it; then the longest first.
// "/v2/+" counts as longer than "/v2".
bool goes_before(const Place& a, const Place& b) {
  if (a.host.empty() != b.host.empty()) return !a.host.empty();
  if (a.host != b.host) return a.host < b.host;
  if (a.path.size() != b.path.size()) return a.path.size() > b.path.size();
  if (a.wildcard != b.wildcard) return a.wildcard;
  return a.path < b.path;
}

bool same_place(const Place& a, const Place& b) {
  return !goes_before(a, b) && !goes_before(b, a);
}

class UrlMap {
 public:
  UrlMap(std::vector<Mount> mounts, UrlMapOptions options)
      : not_found_(std::move(options.not_found)) {
    for (const auto& mount : mounts) {
      auto place = place_of(mount, options.wildcard);
      std::erase_if(places_, [&](const Place& other) { return same_place(place, other); });
      by_host_ = by_host_ || !place.host.empty();
      places_.push_back(std::move(place));
    }
    std::ranges::sort(places_, goes_before);
  }

  Response operator()(Request& request) const {
    // About the server as a whole, RFC 9110 9.3.7: no application's, wherever it is mounted.
    if (request.path() == "*" && request.method() == "OPTIONS") return Response{204};
    std::string single;
    std::string_view path = request.path();
    if (path.find("//") != path.npos) path = single = with_single_slashes(path);
    if (const auto* place = find(path, request)) {
      if (!single.empty()) request.set_path(single);
      request.shift_path(place->path.size());
      return place->application(request);
    }
    return not_found_ ? not_found_(request) : Response{404};
  }

 private:
  [[nodiscard]] const Place* find(std::string_view path, const Request& request) const {
    std::string host;
    if (by_host_) {
      host = lower(request.authority().empty() ? request.server_name() : request.authority());
    }
    const auto found = std::ranges::find_if(places_, [&](const Place& place) {
      return takes_host(place, host, request.scheme()) && takes_path(place, path);
    });
    return found == places_.end() ? nullptr : &*found;
  }

  // A request that names no port asks for the usual one.
  static bool takes_host(const Place& place, std::string_view host, std::string_view scheme) {
    if (place.host.empty() || place.host == host) return true;
    const auto colon = host.rfind(':');
    const bool has_port = colon != host.npos && host.find(']', colon) == host.npos;
    if (has_port) return place.host == host.substr(0, colon);
    return place.host == std::string{host}.append(scheme == "https" ? ":443" : ":80");
  }

  static bool takes_path(const Place& place, std::string_view path) {
    if (!path.starts_with(place.path)) return false;
    const auto rest = path.substr(place.path.size());
    if (place.wildcard) return rest.size() > 1 && rest.front() == '/';
    return rest.empty() || rest.front() == '/';
  }

  std::vector<Place> places_;
  Application not_found_;
  bool by_host_ = false;
};

}  // namespace

Application urlmap(std::vector<Mount> mounts, UrlMapOptions options) {
  auto map = std::make_shared<const UrlMap>(std::move(mounts), std::move(options));
  return [map = std::move(map)](Request& request) { return (*map)(request); };
}

namespace internal {

namespace {

Application urlmap_of(Loader& loader, const Settings& global_conf, const Settings& local_conf,
                      UrlMapOptions::Wildcard wildcard) {
  UrlMapOptions options{.wildcard = wildcard};
  const auto not_found = local_conf.contains("not_found_app") ? local_conf : global_conf;
  if (const auto name = not_found.get("not_found_app", ""); !name.empty()) {
    options.not_found = loader.get_app(name, &global_conf);
  }
  std::vector<Mount> mounts;
  for (const auto& [where, name] : local_conf) {
    if (where == "not_found_app") continue;
    mounts.push_back({where, loader.get_app(name, &global_conf)});
  }
  return urlmap(std::move(mounts), std::move(options));
}

}  // namespace

Application make_urlmap(Loader& loader, const Settings& global_conf, const Settings& local_conf) {
  return urlmap_of(loader, global_conf, local_conf, UrlMapOptions::Wildcard::none);
}

Application make_nova_urlmap(Loader& loader, const Settings& global_conf,
                             const Settings& local_conf) {
  return urlmap_of(loader, global_conf, local_conf, UrlMapOptions::Wildcard::at_end);
}

}  // namespace internal

}  // namespace thane::wsgi
