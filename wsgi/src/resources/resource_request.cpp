#include <thane/wsgi/resource_request.hpp>

#include <nlohmann/json.hpp>
#include <utility>

#include <thane/wsgi/fault_error.hpp>

namespace thane::wsgi {

ResourceRequest::ResourceRequest(Request& request, std::string action,
                                 std::unique_ptr<nlohmann::json> body)
    : request_(request), action_(std::move(action)), body_(std::move(body)) {}

ResourceRequest::~ResourceRequest() = default;

const std::string& ResourceRequest::argument(std::string_view name) const {
  return request_.path_arg(name);
}

const nlohmann::json& ResourceRequest::body() const {
  if (!body_) throw fault_error{400, "The request has no body in JSON."};
  return *body_;
}

const nlohmann::json& ResourceRequest::entity(std::string_view name) const {
  if (body_ && body_->is_object()) {
    const auto found = body_->find(name);
    if (found != body_->end() && found->is_object()) return *found;
  }
  throw fault_error{400, "Missing required element '" + std::string{name} + "' in request body."};
}

const nlohmann::json& ResourceRequest::action_arguments() const {
  return body().at(action_);
}

}  // namespace thane::wsgi
