#include "call_monitor.hpp"

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include <thane/log.hpp>

namespace thane::rpc::internal {

std::optional<Duration> heartbeat_interval(const nlohmann::json& timeout) {
  if (timeout.is_null()) return std::nullopt;
  double seconds = 0;
  try {
    seconds = timeout.is_string() ? std::stoi(timeout.get<std::string>()) : timeout.get<double>();
  } catch (const std::exception&) {
    seconds = 0;
  }
  // A day is as good as for ever; and int() rounds towards zero.
  const auto whole = static_cast<int>(seconds > 0 && seconds < 86'400 ? seconds : 0);
  if (whole < 2) {
    log::warning("a call monitor timeout that is less than 2 s, or no number: {}", timeout.dump());
    return std::nullopt;
  }
  return std::chrono::milliseconds{whole * 500};
}

CallMonitor::CallMonitor(Incoming& call) {
  if (call.message_id.empty()) return;
  const auto interval = heartbeat_interval(call.monitor_timeout);
  if (!interval) return;
  beat_ = std::make_unique<FixedIntervalLoopingCall>([&call] { call.heartbeat(); }, "rpc monitor");
  beat_->start(*interval, {.initial_delay = *interval});
}

}  // namespace thane::rpc::internal
