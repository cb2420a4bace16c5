// Signs of life for a caller who asked for them, while its call is at work.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include <thane/clock.hpp>
#include <thane/fixed_interval_looping_call.hpp>

#include "transport.hpp"

namespace thane::rpc::internal {

/// How often, for the `_timeout` of a call: half of int(timeout) seconds, as Python has it. None:
/// the caller did not ask, or asked for something that is less than a second or no number.
[[nodiscard]] std::optional<Duration> heartbeat_interval(const nlohmann::json& timeout);

/// Sends them from the first interval on, as long as it exists.
class CallMonitor {
 public:
  explicit CallMonitor(Incoming& call);

 private:
  std::unique_ptr<FixedIntervalLoopingCall> beat_;
};

}  // namespace thane::rpc::internal
