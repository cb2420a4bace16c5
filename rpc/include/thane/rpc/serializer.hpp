// A hook that changes values on their way out and in.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <thane/rpc/context.hpp>

namespace thane::rpc {

/// Called for each argument of a call, for its result and for the context: on both sides, so that
/// objects of an application can travel as JSON of its own form. This one leaves all as it is;
/// derive and override. Calls come from many fibers of one thread.
class Serializer {
 public:
  Serializer() = default;
  virtual ~Serializer() = default;
  Serializer(const Serializer&) = delete;
  Serializer& operator=(const Serializer&) = delete;

  /// What is sent for `entity`: an argument at the client, a result at the server.
  [[nodiscard]] virtual nlohmann::json serialize_entity(const Context& context,
                                                        nlohmann::json entity) const;
  /// The reverse: an argument at the server, a result at the client.
  [[nodiscard]] virtual nlohmann::json deserialize_entity(const Context& context,
                                                          nlohmann::json entity) const;
  [[nodiscard]] virtual Context serialize_context(const Context& context) const;
  [[nodiscard]] virtual Context deserialize_context(const Context& context) const;
};

}  // namespace thane::rpc
