#include "dispatcher.hpp"

#include <algorithm>
#include <utility>

#include "failure.hpp"

namespace thane::rpc::internal {

namespace {

using nlohmann::json;

// Null and missing are the same, as for Python's dict.get().
const json* member(const json& message, const char* key) {
  const auto found = message.find(key);
  return found == message.end() || found->is_null() ? nullptr : &*found;
}

Failure attribute_error(const std::string& message) {
  return {"builtins", "AttributeError", message};
}

const char* const default_version = "1.0";

bool serves_version(const Target& target, const std::string& version) {
  if (target.version.empty() && version == default_version) return true;
  return compatible(target.version.empty() ? default_version : target.version, version);
}

bool serves_namespace(const Target& target, const std::optional<std::string>& name_space) {
  return target.name_space == name_space ||
         std::ranges::find(target.legacy_namespaces, name_space) != target.legacy_namespaces.end();
}

}  // namespace

Dispatcher::Dispatcher(std::vector<Endpoint> endpoints, RPCAccessPolicy policy,
                       std::shared_ptr<const Serializer> serializer)
    : endpoints_(std::move(endpoints)),
      policy_(std::move(policy)),
      serializer_(std::move(serializer)) {}

const Endpoint::Method& Dispatcher::find(const json& message) const {
  const json* const method_name = member(message, "method");
  const json* const space = member(message, "namespace");
  const json* const wanted = member(message, "version");
  if (wanted != nullptr && !wanted->is_string()) {
    throw attribute_error("the version of a message is no string: " + wanted->dump());
  }
  const std::string method =
      method_name != nullptr && method_name->is_string() ? method_name->get<std::string>() : "";
  const std::string version = wanted != nullptr ? wanted->get<std::string>() : default_version;
  std::optional<std::string> name_space;
  if (space != nullptr) name_space = space->is_string() ? space->get<std::string>() : space->dump();

  bool found_compatible = false;
  for (const Endpoint& endpoint : endpoints_) {
    const Target& target = endpoint.target();
    if (!serves_namespace(target, name_space)) continue;
    if (!serves_version(target, version)) continue;
    const Endpoint::Method* const body = endpoint.find(method);
    if (body != nullptr && policy_(endpoint, method)) return *body;
    found_compatible = true;
  }
  throw found_compatible ? no_such_method(method) : unsupported_version(version, method);
}

json Dispatcher::dispatch(const Context& context, json message) const {
  const Endpoint::Method& body = find(message);
  const auto given = message.find("args");
  json args = given != message.end() ? std::move(*given) : json::object();
  if (!args.is_object()) {
    throw attribute_error(std::string{"the args of a message are no object but "} +
                          args.type_name());
  }
  if (!serializer_) return body(context, std::move(args));

  const Context own_context = serializer_->deserialize_context(context);
  for (auto& [name, value] : args.items()) {
    value = serializer_->deserialize_entity(own_context, std::move(value));
  }
  return serializer_->serialize_entity(own_context, body(own_context, std::move(args)));
}

}  // namespace thane::rpc::internal
