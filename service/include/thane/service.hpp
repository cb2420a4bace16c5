// A service made of fibers: subclass it, start fibers and timers in group(). With all of the
// module.
#pragma once

#include <cstddef>

#include <thane/back_off_looping_call.hpp>
#include <thane/dynamic_looping_call.hpp>
#include <thane/fixed_interval_looping_call.hpp>
#include <thane/fixed_interval_with_timeout_looping_call.hpp>
#include <thane/periodic_tasks.hpp>
#include <thane/retry_decorator.hpp>
#include <thane/service_base.hpp>
#include <thane/thread_group.hpp>

namespace thane {

/// A ServiceBase whose work is the fibers and timers of one ThreadGroup.
///
///     class Hello final : public thane::Service {
///       void start() override { group().add_timer(1s, [] { thane::log::info("hello"); }); }
///     };
///
/// stop() is graceful, unlike oslo.service's: timers stop at once, running fibers finish, and the
/// launcher's graceful_shutdown_timeout ends what does not. After wait() it may be started again.
///
/// The members of a subclass are gone before group() is. Launchers destroy a service only after
/// stop() and wait(); whoever does it earlier calls group().kill() and group().wait() first.
class Service : public ServiceBase {
 public:
  /// `threads`: how many fibers group() runs at the same time at the most.
  explicit Service(std::size_t threads = 1000) : group_(threads) {}

  void start() override {}
  void stop() override { group_.stop(); }
  void wait() override { group_.wait(); }
  void reset() override {}

 protected:
  [[nodiscard]] ThreadGroup& group() noexcept { return group_; }

 private:
  ThreadGroup group_;
};

}  // namespace thane
