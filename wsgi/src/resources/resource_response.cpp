#include <thane/wsgi/resource_response.hpp>

#include <nlohmann/json.hpp>
#include <utility>

namespace thane::wsgi {

ResourceResponse::ResourceResponse() noexcept = default;
ResourceResponse::ResourceResponse(nlohmann::json body)
    : body_(std::make_unique<nlohmann::json>(std::move(body))) {}
ResourceResponse::ResourceResponse(Response response)
    : response_(std::move(response)), has_status_(true) {}
ResourceResponse::ResourceResponse(ResourceResponse&&) noexcept = default;
ResourceResponse& ResourceResponse::operator=(ResourceResponse&&) noexcept = default;
ResourceResponse::~ResourceResponse() = default;

ResourceResponse& ResourceResponse::set_status(int status) & {
  response_.set_status(status);
  has_status_ = true;
  return *this;
}

ResourceResponse& ResourceResponse::set_header(std::string_view name, std::string_view value) & {
  response_.set_header(name, value);
  return *this;
}

Response ResourceResponse::serialize(int status) && {
  if (!has_status_) response_.set_status(status);
  if (body_) {
    response_.set_body(body_->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    if (!response_.header("Content-Type")) response_.set_header("Content-Type", "application/json");
  }
  return std::move(response_);
}

}  // namespace thane::wsgi
