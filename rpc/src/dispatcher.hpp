// Which method of which endpoint a message is for. Does no I/O.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include <thane/rpc/endpoint.hpp>
#include <thane/rpc/serializer.hpp>

namespace thane::rpc::internal {

/// The rules are those of oslo.messaging's RPCDispatcher: the endpoints in their order; one that
/// has the namespace and a compatible version is a candidate; the first candidate that has the
/// method, and whose policy lets it be called, serves.
class Dispatcher {
 public:
  /// `serializer` may be null.
  Dispatcher(std::vector<Endpoint> endpoints, RPCAccessPolicy policy,
             std::shared_ptr<const Serializer> serializer);

  /// Runs the method and returns its result. Throws what the method throws; Failure for a message
  /// that no method is there for, or that makes no sense.
  [[nodiscard]] nlohmann::json dispatch(const Context& context, nlohmann::json message) const;

 private:
  [[nodiscard]] const Endpoint::Method& find(const nlohmann::json& message) const;

  std::vector<Endpoint> endpoints_;
  RPCAccessPolicy policy_;
  std::shared_ptr<const Serializer> serializer_;
};

}  // namespace thane::rpc::internal
