// The loop that runs the fibers of one thread: ready fibers, timers and sockets.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <thane/clock.hpp>
#include <thane/fiber.hpp>

namespace thane {

/// Whose time the loop lives in.
enum class Time {
  real,       ///< CLOCK_MONOTONIC.
  simulated,  ///< Starts at TimePoint{}+1h; when no fiber can run, jumps to the next deadline. For
              ///< tests.
};

/// Runs fibers. One per thread; under a launcher every worker has one and user code never makes it.
/// Must be made after fork(): a child never shares an event loop with its parent.
///
///     thane::FiberLoop loop;
///     loop.run([] { thane::this_fiber::sleep_for(1s); });   // Blocks until the fiber has ended.
class FiberLoop {
 public:
  struct Options {
    std::size_t stack_size = 128 * 1024;  ///< Bytes of each fiber's stack, a guard page below it.
    Time time = Time::real;
    std::size_t offload_threads = 16;  ///< At most so many; offload() waits for one beyond that.
  };

  FiberLoop();
  explicit FiberLoop(const Options& options);
  /// Kills the fibers that are left and runs them to their ends.
  ~FiberLoop();
  FiberLoop(const FiberLoop&) = delete;
  FiberLoop& operator=(const FiberLoop&) = delete;

  /// The loop of this thread. Asserts that there is one.
  static FiberLoop& current();

  /// Starts a fiber; it runs when the caller suspends or returns to the loop. Unbounded and owned
  /// by nobody: services use ThreadGroup::spawn. An exception that ends it is logged when its last
  /// handle goes, unless somebody has wait()ed for it or linked to it. Throws std::runtime_error
  /// when the system allows no more stacks.
  Fiber spawn(std::function<void()> body, std::string_view name = {});

  /// Runs `main` as a fiber and all others, until `main` has ended; rethrows what it ended with.
  void run(std::function<void()> main);

  [[nodiscard]] TimePoint now() const;
  [[nodiscard]] std::size_t fibers() const noexcept;  ///< How many exist and have not ended.

  /// All fibers with name, state and stack, as text; for people, not for programs.
  [[nodiscard]] std::string dump() const;

  class Impl;
  [[nodiscard]] Impl& impl() noexcept { return *impl_; }  // For core's own sources.

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace thane
