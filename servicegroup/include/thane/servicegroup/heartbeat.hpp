// Keeps the record of a running service fresh.
#pragma once

#include <memory>

#include <thane/servicegroup/record.hpp>
#include <thane/servicegroup/settings.hpp>
#include <thane/servicegroup/store.hpp>

namespace thane::servicegroup {

/// A service's part in its group: joins at start(), then reports every report_interval.
///
///     class Compute final : public thane::Service {
///      public:
///       explicit Compute(const thane::Config& config)
///           : heartbeat_(servicegroup::make_store(config), {.host = "node-1", .binary =
///           "compute"},
///                        servicegroup::Settings::from(config)) {}
///
///       void start() override { heartbeat_.start(); }
///       void stop() override { heartbeat_.stop(); Service::stop(); }
///       void wait() override { heartbeat_.wait(); Service::wait(); }
///
///      private:
///       servicegroup::Heartbeat heartbeat_;
///     };
///
/// Made in the parent, as a service's other parts, it is one for all workers: each of them joins,
/// and then one at a time reports for all, any that lives; so the record is fresh as long as one
/// worker is, and one connection to the database does. Made in a worker, it reports for itself.
///
/// Nothing is thrown when the database is gone: the service goes on. That is logged once when it
/// begins and once when it is over, and tried at each interval meanwhile. After stop() the record
/// stays as it is, and is down when service_down_time has passed; Store::remove() takes it away.
class Heartbeat {
 public:
  /// Throws std::invalid_argument if host or binary is empty.
  Heartbeat(std::shared_ptr<Store> store, Member member, const Settings& settings = {});
  /// Ends what stop() has not.
  ~Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

  /// Begins in a fiber of its own, and does not wait for the database.
  void start();
  /// At once: a report that is under way is given up. Safe to call twice, and without start().
  void stop() noexcept;
  /// Blocks the calling fiber until it has ended, and closes the connection. May be started again
  /// after that.
  void wait();

  /// The last attempt has failed; nova's model_disconnected.
  [[nodiscard]] bool disconnected() const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thane::servicegroup
