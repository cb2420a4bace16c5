// Handlers for the application's own signals.
#pragma once

#include <functional>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace thane {

/// Calls functions when signals come, in a fiber of their own: they may log, wait and allocate.
///
/// Works in the processes that run services (every worker, or the one process of ServiceLauncher),
/// also for handlers added by a constructor in the parent. Sent to the parent of workers, USR2 is
/// passed on to all of them. TERM, INT, QUIT, HUP and USR1 belong to the launcher
/// (docs/signals.md).
///
///     thane::SignalHandler handler;                       // A member of the service.
///     handler.add_handler("USR2", [this] { dump_cache(); });
///
/// Several handlers of a signal run one after the other, the newest first (oslo row SV-18). The
/// destructor removes what this object added.
class SignalHandler {
 public:
  SignalHandler();
  ~SignalHandler();
  SignalHandler(const SignalHandler&) = delete;
  SignalHandler& operator=(const SignalHandler&) = delete;

  /// `name` as in signal(7), with or without "SIG". Throws std::invalid_argument for a signal that
  /// the launcher keeps for itself or that cannot be caught; a name that this system does not know
  /// is ignored, as in oslo.service (row SV-17).
  void add_handler(std::string_view name, std::function<void()> function);
  void add_handlers(std::initializer_list<std::string_view> names,
                    const std::function<void()>& function);

  /// Removes the handlers that this object added.
  void clear() noexcept;

  [[nodiscard]] static bool is_signal_supported(std::string_view name) noexcept;
};

}  // namespace thane
