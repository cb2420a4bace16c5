#include <thane/wsgi/pagination.hpp>

#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include <thane/wsgi/links.hpp>

#include "percent.hpp"

namespace thane::wsgi {

namespace {

std::int64_t number(const Request& request, const char* name, std::int64_t fallback,
                    const char* below_zero) {
  const auto text = request.query_parameter(name);
  if (!text) return fallback;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || end != text->data() + text->size()) {
    throw fault_error{400, std::string{name} + " param must be an integer"};
  }
  if (value < 0) throw fault_error{400, std::string{name} + below_zero};
  return value;
}

using Parameters = std::vector<std::pair<std::string, std::string>>;

Parameters parameters_of(std::string_view query) {
  Parameters all;
  while (!query.empty()) {
    const auto pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    const auto value = pair.substr(std::min(equals + 1, pair.size()));
    all.emplace_back(internal::percent_decode(pair.substr(0, equals), internal::Plus::space),
                     internal::percent_decode(value, internal::Plus::space));
  }
  return all;
}

}  // namespace

OptGroup pagination_options() {
  return {
      "DEFAULT",
      {Opt<int>{.name = "osapi_max_limit",
                .default_value = 1000,
                .help = "Items that one answer holds of a collection, at the most.",
                .min = 1,
                .change = Change::at_run_time},
       Opt<std::string>{.name = "public_endpoint",
                        .help = "What links begin with where a proxy hides the server, as "
                                "https://api.example.com; empty: what the client has asked for.",
                        .change = Change::at_run_time}}};
}

Page page_of(const Request& request, std::int64_t max_limit) {
  Page page;
  page.limit = std::min(number(request, "limit", max_limit, " param must be positive"), max_limit);
  page.offset = number(request, "offset", 0, " must be >= 0");
  page.marker = request.query_parameter("marker").value_or("");
  return page;
}

std::optional<std::string> next_link(const Request& request, const Page& page, std::size_t count,
                                     std::string_view last_id, std::string_view public_endpoint) {
  if (count == 0 || count < static_cast<std::size_t>(page.limit)) return std::nullopt;
  auto parameters = parameters_of(request.query());
  std::erase_if(parameters, [](const auto& parameter) {
    return parameter.first == "marker" || parameter.first == "offset";
  });
  parameters.emplace_back("marker", last_id);
  std::ranges::stable_sort(parameters, {}, &Parameters::value_type::first);
  std::string query;
  for (const auto& [name, value] : parameters) {
    query += (query.empty() ? "?" : "&") + internal::percent_encode(name, internal::Kept::form) +
             "=" + internal::percent_encode(value, internal::Kept::form);
  }
  const auto path = internal::percent_encode(request.path(), internal::Kept::path);
  return link_to(request, path, public_endpoint) + query;
}

void add_next_link(nlohmann::json& content, const std::string& name, const Request& request,
                   const Page& page, std::string_view last_id, std::string_view public_endpoint) {
  const auto next = next_link(request, page, content.at(name).size(), last_id, public_endpoint);
  if (!next) return;
  content[name + "_links"] =
      nlohmann::json::array({nlohmann::json{{"rel", "next"}, {"href", *next}}});
}

}  // namespace thane::wsgi
