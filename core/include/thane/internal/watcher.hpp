// Who hears of the events of a descriptor.
#pragma once

#include <cstdint>

namespace thane::internal {

/// Called by the loop, on its thread and its own stack.
class Watcher {
 public:
  /// `events`: EPOLLIN and the like.
  virtual void on_events(std::uint32_t events) noexcept = 0;
  /// The loop has nothing to do and is about to sleep. Asked of those alone that were added as
  /// watching a listener.
  virtual void before_sleep() noexcept {}
  /// The loop ends: there is no registration any more.
  virtual void on_poll_gone() noexcept = 0;

 protected:
  Watcher() = default;
  ~Watcher() = default;
  Watcher(const Watcher&) = default;
  Watcher& operator=(const Watcher&) = default;
};

}  // namespace thane::internal
