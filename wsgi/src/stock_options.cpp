#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include <thane/snapshot.hpp>
#include <thane/wsgi/middleware/auth_pipeline.hpp>
#include <thane/wsgi/middleware/sizelimit.hpp>
#include <thane/wsgi/stock_parts.hpp>

#include "middleware/stock.hpp"

namespace thane::wsgi {

std::vector<std::string> internal::list_of(const Settings& settings, std::string_view key) {
  std::vector<std::string> words;
  std::string_view rest = settings.find(key).value_or("");
  while (!rest.empty()) {
    const auto word = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    const auto begin = word.find_first_not_of(" \t\r\n");
    if (begin == word.npos) continue;
    words.emplace_back(word.substr(begin, word.find_last_not_of(" \t\r\n") + 1 - begin));
  }
  return words;
}

std::vector<OptGroup> with_stock_options(std::vector<OptGroup> groups) {
  const AuthPipelineOptions pipeline;
  const HealthcheckOptions health;
  groups.push_back(
      {"DEFAULT",
       {Opt<std::string>{.name = "auth_strategy",
                         .default_value = pipeline.auth_strategy,
                         .help = "Which pipeline of a composite is used: its key."},
        Opt<bool>{.name = "api_rate_limit",
                  .default_value = pipeline.api_rate_limit,
                  .help = "False: the pipeline whose key ends in _nolimit, if there is one."}}});
  groups.push_back(
      {"oslo_middleware",
       {Opt<std::int64_t>{.name = "max_request_body_size",
                          .default_value = SizelimitOptions{}.max_request_body_size,
                          .help = "Octets of a request's body, in sizelimit; beyond: 413.",
                          .min = 0},
        Opt<bool>{.name = "enable_proxy_headers_parsing",
                  .help = "Whether http_proxy_to_wsgi believes what a proxy says of clients."}}});
  groups.push_back(
      {"healthcheck",
       {Opt<std::string>{.name = "path",
                         .default_value = health.path,
                         .help = "Path at which the filter healthcheck answers."},
        Opt<bool>{.name = "detailed",
                  .help = "Whether answers tell of the machine and of each check."},
        Opt<std::vector<std::string>>{.name = "backends",
                                      .help = "Checks that are made, in order."},
        Opt<std::string>{.name = "disable_by_file_path",
                         .help = "File that makes the service unavailable while it exists."},
        Opt<std::vector<std::string>>{
            .name = "disable_by_file_paths",
            .help = "The same for single ports of the server: PORT:PATH."}}});
  groups.push_back(cors_options());
  return groups;
}

// An option that was left at its default says nothing that the part does not say itself.
StockOptions stock_options_from(const Snapshot& snapshot) {
  StockOptions options;
  for (const auto& group : with_stock_options()) {
    const bool bare = group.name == "DEFAULT";
    auto& settings = options.defaults[bare ? "" : group.name];
    for (const auto& option : group.options) {
      const auto name = bare ? option.name() : group.name + "." + option.name();
      for (const auto& entry : snapshot.entries()) {
        if (entry.name == name && entry.origin != "default")
          settings.set(option.name(), entry.text);
      }
    }
  }
  options.cors = cors_policies(snapshot, {"cors"});
  return options;
}

}  // namespace thane::wsgi
