#include <thane/rpc/serializer.hpp>

#include <nlohmann/json.hpp>

namespace thane::rpc {

nlohmann::json Serializer::serialize_entity(const Context&, nlohmann::json entity) const {
  return entity;
}

nlohmann::json Serializer::deserialize_entity(const Context&, nlohmann::json entity) const {
  return entity;
}

Context Serializer::serialize_context(const Context& context) const {
  return context;
}

Context Serializer::deserialize_context(const Context& context) const {
  return context;
}

}  // namespace thane::rpc
