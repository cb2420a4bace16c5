// What travels beside the arguments of a call: who asks, and for which request.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace thane::rpc {

/// The request context of oslo: names and JSON values. A cheap value; what it holds never changes.
///
///     const rpc::Context context{{{"user_id", "u1"}, {"request_id", "req-1"}}};
///     client.call(context, "get", {{"id", 7}});
///
/// While a method runs, the log lines of its fiber carry request_id(). A client whose caller gives
/// no context sends the request id that the calling fiber logs with, so that one id follows a
/// request through all services.
class Context {
 public:
  Context() noexcept = default;
  /// `values` is an object. Throws std::invalid_argument if it is not.
  explicit Context(nlohmann::json values);

  /// An object; names as they were given, without the prefix they have on the wire.
  [[nodiscard]] const nlohmann::json& values() const;
  /// The value of "request_id"; empty if there is none, or if it is no string.
  [[nodiscard]] std::string request_id() const;

 private:
  std::shared_ptr<const nlohmann::json> values_;  // Null: an empty object.
};

}  // namespace thane::rpc
