#include <thane/wsgi/middleware/cascade.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <thane/internal/in_quotes.hpp>
#include <thane/wsgi/loader.hpp>

#include "../request_changes.hpp"
#include "stock.hpp"

namespace thane::wsgi {

namespace {

class Cascade {
 public:
  Cascade(std::vector<Application> applications, CascadeOptions options)
      : applications_(std::move(applications)), options_(std::move(options)) {
    if (applications_.empty()) throw std::invalid_argument("a cascade of no applications");
    const auto none = [](const Application& application) { return application == nullptr; };
    if (std::ranges::any_of(applications_, none)) {
      throw std::invalid_argument("one of the applications of a cascade is empty");
    }
  }

  Response operator()(Request& request) const {
    const std::string path{request.path()};
    const std::string script_name{request.script_name()};
    const auto route = request.route() == nullptr ? std::nullopt : std::optional{*request.route()};
    for (std::size_t i = 0; i + 1 < applications_.size(); ++i) {
      if (auto answer = answer_of(applications_[i], request)) return std::move(*answer);
      request.set_path(path);
      request.set_script_name(script_name);
      request.set_route(route);
    }
    return applications_.back()(request);
  }

 private:
  // nullopt: the next one is to be asked.
  std::optional<Response> answer_of(const Application& application, Request& request) const {
    internal::BodyKeeper body{request, options_.max_body};
    try {
      auto answer = application(request);
      if (!is_caught(answer.status()) || !body.rewind()) return answer;
    } catch (const request_error& error) {
      if (!is_caught(error.status()) || !body.rewind()) throw;
    }
    return std::nullopt;
  }

  [[nodiscard]] bool is_caught(int status) const {
    return std::ranges::find(options_.catch_statuses, status) != options_.catch_statuses.end();
  }

  std::vector<Application> applications_;
  CascadeOptions options_;
};

int status_from(std::string_view word) {
  int status = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), status);
  if (error != std::errc{} || end != word.data() + word.size() || status < 200 || status > 599) {
    throw std::invalid_argument(
        fmt::format("catch: {} is no status", thane::internal::in_quotes(word)));
  }
  return status;
}

}  // namespace

Application cascade(std::vector<Application> applications, CascadeOptions options) {
  auto all = std::make_shared<const Cascade>(std::move(applications), std::move(options));
  return [all = std::move(all)](Request& request) { return (*all)(request); };
}

Application internal::make_cascade(Loader& loader, const Settings& global_conf,
                                   const Settings& local_conf) {
  CascadeOptions options;
  std::vector<std::pair<std::string, Application>> named;
  for (const auto& [key, value] : local_conf) {
    if (key == "catch") {
      options.catch_statuses.clear();
      for (const auto& word : local_conf.get_words(key)) {
        options.catch_statuses.push_back(status_from(word));
      }
    } else if (key.starts_with("app")) {
      named.emplace_back(key, loader.get_app(value, &global_conf));
    } else {
      throw std::invalid_argument(
          fmt::format("{}: the keys of a cascade are \"catch\" and what begins with \"app\"", key));
    }
  }
  std::ranges::sort(named, {}, &std::pair<std::string, Application>::first);
  std::vector<Application> applications;
  for (auto& [key, application] : named) applications.push_back(std::move(application));
  return cascade(std::move(applications), std::move(options));
}

}  // namespace thane::wsgi
