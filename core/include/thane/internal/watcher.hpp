// Who hears of the events of a descriptor.
#pragma once

#include <cstdint>

namespace thane::internal {

/// Called by the loop, on its thread and its own stack.
class Watcher {
 public:
  virtual ~Watcher() = default;
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  /// `events`: EPOLLIN and the like.
  virtual void on_events(std::uint32_t events) noexcept = 0;
  /// The loop has nothing to do and is about to sleep. Asked of those alone that were added as
  /// watching a listener.
  virtual void before_sleep() noexcept {}
  /// The loop ends: there is no registration any more.
  virtual void on_poll_gone() noexcept = 0;

 protected:
  Watcher() = default;
};

}  // namespace thane::internal
