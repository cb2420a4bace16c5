#include <thane/wsgi/request_context.hpp>

#include <list>
#include <stdexcept>
#include <utility>

namespace thane::wsgi {

struct RequestContext::Notes {
  std::optional<RouteMatch> route;
  std::list<std::pair<std::string, std::any>> attributes;  // Others stay where they are.
};

RequestContext::RequestContext() noexcept = default;
RequestContext::~RequestContext() = default;

RequestContext::Notes& RequestContext::notes() {
  if (!notes_) notes_ = std::make_unique<Notes>();
  return *notes_;
}

const RouteMatch* RequestContext::route() const noexcept {
  return notes_ && notes_->route ? &*notes_->route : nullptr;
}

void RequestContext::set_route(std::optional<RouteMatch> match) {
  if (match || notes_) notes().route = std::move(match);
}

std::string_view RequestContext::route_name() const noexcept {
  return route() == nullptr ? std::string_view{} : route()->name;
}

const RouteArguments& RequestContext::path_args() const noexcept {
  static const RouteArguments none;
  return route() == nullptr ? none : route()->arguments;
}

const std::string& RequestContext::path_arg(std::string_view name) const {
  static const std::string empty;
  const auto* value = path_args().find(name);
  if (value != nullptr) return *value ? **value : empty;
  const auto what = route() == nullptr
                        ? std::string{"the request has no route"}
                        : "the route \"" + std::string{route()->pattern} + "\" has no argument";
  throw std::out_of_range("path_arg(\"" + std::string{name} + "\"): " + what);
}

std::any* RequestContext::find(std::string_view name) const noexcept {
  if (!notes_) return nullptr;
  for (auto& [other, value] : notes_->attributes) {
    if (other == name) return &value;
  }
  return nullptr;
}

void RequestContext::set_attribute(std::string_view name, std::any value) {
  if (auto* found = find(name)) {
    *found = std::move(value);
  } else {
    notes().attributes.emplace_back(name, std::move(value));
  }
}

}  // namespace thane::wsgi
