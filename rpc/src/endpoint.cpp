#include <thane/rpc/endpoint.hpp>

#include <nlohmann/json.hpp>
#include <stdexcept>

namespace thane::rpc {

Endpoint::Endpoint(Target target) : target_(std::move(target)) {}

Endpoint& Endpoint::method(std::string name, Method body) {
  if (name.empty()) throw std::invalid_argument("an RPC method without a name");
  const auto [position, added] = methods_.try_emplace(std::move(name), Entry{std::move(body)});
  if (!added) {
    throw std::invalid_argument("two RPC methods of one name: " + position->first);
  }
  return *this;
}

Endpoint& Endpoint::expose(std::string_view name) {
  const auto found = methods_.find(name);
  if (found == methods_.end()) {
    throw std::invalid_argument("no RPC method to expose: " + std::string{name});
  }
  found->second.exposed = true;
  return *this;
}

const Endpoint::Method* Endpoint::find(std::string_view name) const noexcept {
  const auto found = methods_.find(name);
  return found == methods_.end() ? nullptr : &found->second.body;
}

bool Endpoint::exposed(std::string_view name) const noexcept {
  const auto found = methods_.find(name);
  return found != methods_.end() && found->second.exposed;
}

bool LegacyRPCAccessPolicy::operator()(const Endpoint&, std::string_view) const {
  return true;
}

bool DefaultRPCAccessPolicy::operator()(const Endpoint&, std::string_view method) const {
  return !method.starts_with('_');
}

bool ExplicitRPCAccessPolicy::operator()(const Endpoint& endpoint, std::string_view method) const {
  return endpoint.exposed(method);
}

}  // namespace thane::rpc
