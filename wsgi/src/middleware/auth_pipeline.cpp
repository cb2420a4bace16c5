#include <thane/wsgi/middleware/auth_pipeline.hpp>

#include <fmt/format.h>

#include <stdexcept>
#include <utility>
#include <vector>

#include <thane/internal/in_quotes.hpp>
#include <thane/internal/suggestion.hpp>

namespace thane::wsgi {

namespace {

std::string key_of(const Settings& local_conf, const AuthPipelineOptions& options) {
  auto without_limit = options.auth_strategy + "_nolimit";
  const bool limited = options.api_rate_limit || !local_conf.contains(without_limit);
  auto key = limited ? options.auth_strategy : std::move(without_limit);
  if (local_conf.contains(key)) return key;
  std::string known;
  for (const auto& [other, pipeline] : local_conf) known += (known.empty() ? "" : ", ") + other;
  throw std::invalid_argument(
      fmt::format("auth_strategy is {}, for which there is no pipeline; there are: {}",
                  thane::internal::in_quotes(key), known.empty() ? "none" : known));
}

}  // namespace

Application auth_pipeline(Loader& loader, const Settings& local_conf,
                          const AuthPipelineOptions& options) {
  const auto key = key_of(local_conf, options);
  auto names = local_conf.get_words(key);
  if (names.empty()) throw std::invalid_argument(fmt::format("{}: the pipeline is empty", key));
  const auto last = std::move(names.back());
  names.pop_back();
  std::vector<Filter> filters;
  for (const auto& name : names) filters.push_back(loader.get_filter(name));
  auto application = loader.get_app(last);
  for (auto filter = filters.rbegin(); filter != filters.rend(); ++filter) {
    application = (*filter)(std::move(application));
  }
  return application;
}

}  // namespace thane::wsgi
