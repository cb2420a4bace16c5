// sd_notify(3): tells the service manager how the service fares.
#pragma once

#include <memory>
#include <string>

#include <thane/clock.hpp>

#include "daemon.hpp"

namespace thane::internal {

/// The environment of sd_notify, taken over: reads NOTIFY_SOCKET and removes it, with its
/// relatives, from the environment, so that neither workers nor programs they execute inherit it.
/// Only the process that made it sends (a manager ignores what others say).
class Notifier {
 public:
  Notifier();

  /// Who waits in the foreground is to be told of the first "READY=1" as well.
  void tell_of_ready(std::unique_ptr<Foreground> foreground) noexcept;

  /// Sends one datagram, e.g. "READY=1". Without NOTIFY_SOCKET nothing; a failure is logged at
  /// debug.
  void send(const std::string& state) const noexcept;

  /// How often the manager is to be sent WATCHDOG=1: half of what it waits; zero: not at all.
  [[nodiscard]] Duration watchdog_interval() const noexcept { return watchdog_interval_; }

 private:
  Duration watchdog_interval_{};
  std::string socket_;  // A path, or "@name" for an abstract socket; empty: none.
  mutable std::unique_ptr<Foreground> foreground_;  // Until it has been told.
};

/// "RELOADING=1" with the time that a manager of type notify-reload wants with it.
[[nodiscard]] std::string reloading(TimePoint now);
/// How often a manager is told that a start or a stop goes on, and the words for it.
inline constexpr std::chrono::seconds patience_interval{5};
[[nodiscard]] std::string patience();

}  // namespace thane::internal
