// The contract between a launcher and a service: four verbs, and when each is called.
#pragma once

#include <string>

namespace thane {

class Snapshot;

/// A long-running piece of work that a launcher starts, stops and waits for.
///
/// Calls come from fibers of one thread, in this order:
///
///     constructor ──► start() ──► stop() ──► wait() ──► destructor
///                        ▲                     │
///                        └────── reset() ◄─────┘ on SIGHUP (with Restart::mutate: reset() alone)
///
/// Under ProcessLauncher the constructor runs once, in the parent, and every worker gets its copy
/// of the object by fork(). A constructor may therefore bind sockets and read files; it must not
/// start fibers or threads and must not connect to anything: that is for start(). start(), stop(),
/// wait() and reset() run in workers only (or in the one process of ServiceLauncher), never on the
/// parent's copy; prepare() runs on that alone.
///
///     class Ticker final : public thane::ServiceBase {
///      public:
///       void start() override { tick_.start(1s); }
///       void stop() noexcept override { tick_.stop(); }
///       void wait() override { tick_.wait(); }
///       void reset() override {}
///
///      private:
///       thane::FixedIntervalLoopingCall tick_{[] { thane::log::info("tick"); }};
///     };
///
/// Most services derive from thane::Service instead, which owns a ThreadGroup and does this.
class ServiceBase {
 public:
  virtual ~ServiceBase() = default;

  ServiceBase(const ServiceBase&) = delete;
  ServiceBase& operator=(const ServiceBase&) = delete;

  /// Begins the work and returns; the work itself runs in fibers.
  /// Throws if the service cannot run: the process then logs why and exits, a worker with status 1,
  /// the one process of ServiceLauncher with 3. docs/signals.md says what a parent makes of it.
  virtual void start() = 0;

  /// Asks the work to end, without waiting for it. Safe to call twice, while start() is still
  /// blocked, and on an object that never started. Should not throw; if it does, that is logged and
  /// the stop goes on.
  virtual void stop() = 0;

  /// Blocks the calling fiber until the work has ended, by itself or through stop().
  virtual void wait() = 0;

  /// Takes up a changed configuration. If it throws, the service is as it was before.
  virtual void reset() = 0;

  /// Called in the parent when SIGHUP has brought a new configuration, `next`, before any worker is
  /// forked for it: what was read here (a key, a large table) each of them has when reset() is
  /// called in it, and those that replace it later as well. Meanwhile handles of the configuration
  /// answer from `next`. The rules are the constructor's, and it must not block. If it throws, the
  /// reload is refused and nothing has changed.
  /// Not called under ServiceLauncher, nor for a worker that was sent SIGHUP itself.
  virtual void prepare(const Snapshot& next);

  /// What log lines and process titles call it, when launch_service() is given no name. By default
  /// the name of its class in lower case, without namespaces.
  [[nodiscard]] virtual std::string name() const;

 protected:
  ServiceBase() = default;
};

}  // namespace thane
