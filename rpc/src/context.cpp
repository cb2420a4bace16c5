#include <thane/rpc/context.hpp>

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

namespace thane::rpc {

Context::Context(nlohmann::json values) {
  if (!values.is_object()) throw std::invalid_argument("a Context whose values are no object");
  values_ = std::make_shared<const nlohmann::json>(std::move(values));
}

const nlohmann::json& Context::values() const {
  static const auto none = nlohmann::json::object();
  return values_ ? *values_ : none;
}

std::string Context::request_id() const {
  const auto found = values().find("request_id");
  return found != values().end() && found->is_string() ? found->get<std::string>() : std::string{};
}

}  // namespace thane::rpc
