// Collections in pages: limit, marker and offset of a query, and the link to the next page.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <thane/opt.hpp>
#include <thane/wsgi/fault_error.hpp>
#include <thane/wsgi/request.hpp>

namespace thane::wsgi {

/// For [DEFAULT]: osapi_max_limit (1000), the most that one page holds; and public_endpoint, what
/// links begin with where a proxy hides the server.
[[nodiscard]] OptGroup pagination_options();

/// The part of a collection that a request asks for, by cinder's words and rules.
///
///     const auto page = wsgi::page_of(request.http(), config.get<int>("osapi_max_limit"));
///     const auto some = wsgi::limited_by_marker(volumes, page, &Volume::id);
///     nlohmann::json content{{"volumes", shown(some)}};
///     wsgi::add_next_link(content, "volumes", request.http(), page,
///                         some.empty() ? "" : some.back().id);
struct Page {
  std::int64_t limit = 0;   ///< At most this many; never more than the maximum.
  std::int64_t offset = 0;  ///< So many are passed over.
  std::string marker = {};  ///< The id of the last item that the client has; empty: none.
};

/// Reads limit (default, and at most: `max_limit`), marker and offset (0). Throws fault 400 for
/// what is no number, and for negative ones.
[[nodiscard]] Page page_of(const Request& request, std::int64_t max_limit = 1000);

/// The page of a vector by its offset.
template <class Items>
[[nodiscard]] auto limited(const Items& items, const Page& page) {
  const auto begin = std::min(static_cast<std::size_t>(page.offset), items.size());
  const auto size = std::min(static_cast<std::size_t>(page.limit), items.size() - begin);
  return std::span{items}.subspan(begin, size);
}

/// The page of a vector that begins behind the item whose id is the marker. `id` is a member or
/// a function that gives it. Throws fault 400 "marker [ID] not found".
template <class Items, class Id>
[[nodiscard]] auto limited_by_marker(const Items& items, const Page& page, Id id) {
  std::size_t begin = 0;
  if (!page.marker.empty()) {
    const auto found = std::ranges::find(items, page.marker, id);
    if (found == items.end()) throw fault_error{400, "marker [" + page.marker + "] not found"};
    begin = static_cast<std::size_t>(found - items.begin()) + 1;
  }
  const auto size = std::min(static_cast<std::size_t>(page.limit), items.size() - begin);
  return std::span{items}.subspan(begin, size);
}

/// What the next page is asked for by: the request's own query, sorted by name, with `last_id` as
/// the marker and without an offset. nullopt if there is none to be expected: this page, of `count`
/// items, is not full.
[[nodiscard]] std::optional<std::string> next_link(const Request& request, const Page& page,
                                                   std::size_t count, std::string_view last_id,
                                                   std::string_view public_endpoint = {});

/// Adds "NAME_links": [{"rel": "next", "href": ...}] to {"NAME": [...]}, if next_link() has one.
void add_next_link(nlohmann::json& content, const std::string& name, const Request& request,
                   const Page& page, std::string_view last_id,
                   std::string_view public_endpoint = {});

}  // namespace thane::wsgi
