#include <thane/wsgi/router.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "routing/dispatch.hpp"

namespace thane::wsgi {

namespace {

// Routes ends an expression at the first '}' and at a second ':', and goes on without a word.
void refuse_what_would_be_cut(std::string_view pattern) {
  int colons = -1;  // Since a brace was opened; -1: none is.
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    const bool inside = colons >= 0;
    const bool escaped = c == '\\' && i + 1 < pattern.size();
    const bool colon = (escaped ? pattern[++i] : c) == ':';  // A backslash does not help it.
    if (inside && ((!escaped && c == '{') || (colon && ++colons == 2))) {
      throw std::invalid_argument("pattern \"" + std::string{pattern} +
                                  "\": in a regular expression write \\{ and \\}; one with a ':' "
                                  "goes to HandlerOptions::requirements");
    }
    if (!escaped && c == '{') colons = 0;
    if (!escaped && c == '}') colons = -1;
  }
}

bool contains(const std::vector<std::string>& list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

std::vector<std::string> with_head(std::vector<std::string> methods) {
  if (contains(methods, "GET") && !contains(methods, "HEAD")) methods.emplace_back("HEAD");
  return methods;
}

std::string joined(const std::vector<std::string>& words) {
  std::string result;
  for (const auto& word : words) result += (result.empty() ? "" : ", ") + word;
  return result;
}

}  // namespace

struct Router::State {
  RouterOptions options;
  Mapper mapper;
  std::vector<Application> handlers;  // By the position of the route; none for a redirect.
  Application not_found;

  void add(const Application& handler) { handlers.resize(mapper.size(), handler); }

  Response unmatched(Request& request, std::string_view path) const {
    const bool asks = options.answer_options && request.method() == "OPTIONS";
    if (asks && path == "*") return Response{204};
    if (asks || options.method_not_allowed) {
      auto methods = mapper.methods_of(path);
      if (!methods.empty()) {
        if (options.answer_options && !contains(methods, "OPTIONS"))
          methods.emplace_back("OPTIONS");
        return Response{asks ? 204 : 405}.add_header("Allow", joined(methods));
      }
    }
    return not_found ? not_found(request) : Response{404};
  }
};

Router::Router(RouterOptions options) : state_(std::make_shared<State>()) {
  state_->options = options;
}

void Router::route(const std::vector<std::string>& methods, std::string_view pattern,
                   Application handler, const HandlerOptions& options) {
  refuse_what_would_be_cut(pattern);
  const RouteOptions route{.defaults = options.defaults,
                           .requirements = options.requirements,
                           .conditions = {.methods = with_head(methods)}};
  state_->mapper.connect(options.name, pattern, route);
  state_->add(std::move(handler));
}

void Router::get(std::string_view pattern, Application handler, const HandlerOptions& options) {
  route({"GET"}, pattern, std::move(handler), options);
}
void Router::post(std::string_view pattern, Application handler, const HandlerOptions& options) {
  route({"POST"}, pattern, std::move(handler), options);
}
void Router::put(std::string_view pattern, Application handler, const HandlerOptions& options) {
  route({"PUT"}, pattern, std::move(handler), options);
}
void Router::patch(std::string_view pattern, Application handler, const HandlerOptions& options) {
  route({"PATCH"}, pattern, std::move(handler), options);
}
void Router::delete_(std::string_view pattern, Application handler, const HandlerOptions& options) {
  route({"DELETE"}, pattern, std::move(handler), options);
}
void Router::any(std::string_view pattern, Application handler, const HandlerOptions& options) {
  route({}, pattern, std::move(handler), options);
}

void Router::mount(std::string_view prefix, const Application& application) {
  const std::string base{prefix.substr(0, prefix.find_last_not_of('/') + 1)};
  any(base + "/{path_info:.*}", application);
  if (base.empty()) return;
  any(base, [application](Request& request) {
    request.shift_path(request.path().size());
    return application(request);
  });
}

void Router::mount(const Mapper& table, const Application& application, std::string_view prefix) {
  state_->mapper.extend(table, prefix, [](RouteOptions& route) {
    route.conditions.methods = with_head(std::move(route.conditions.methods));
  });
  state_->add(application);
}

void Router::redirect(std::string_view pattern, std::string_view destination, int status) {
  refuse_what_would_be_cut(pattern);
  state_->mapper.redirect(pattern, destination, {}, status);
  state_->add({});
}

void Router::not_found(Application application) {
  state_->not_found = std::move(application);
}

std::optional<std::string> Router::url(std::string_view name,
                                       const RouteArguments& arguments) const {
  return state_->mapper.generate(name, arguments);
}

Response Router::operator()(Request& request) const {
  auto path = request.path();
  auto match = state_->mapper.match(path, request.method());
  if (!match && path.empty()) {
    path = "/";
    match = state_->mapper.match(path, request.method());
  }
  if (!match) return state_->unmatched(request, path);
  if (match->redirect_status != 0)
    return internal::redirect_response(state_->mapper, *match, request);
  internal::move_path_info(request, *match);
  const auto& handler = state_->handlers[match->position];
  request.set_route(std::move(match));
  return handler(request);
}

}  // namespace thane::wsgi
