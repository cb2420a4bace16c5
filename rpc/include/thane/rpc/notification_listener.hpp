// Listens for notifications, as a service.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <thane/rpc/notification.hpp>
#include <thane/rpc/serializer.hpp>
#include <thane/rpc/target.hpp>
#include <thane/rpc/transport.hpp>
#include <thane/service_base.hpp>

namespace thane::rpc {

/// What has become of a notification.
enum class NotificationResult {
  handled,
  requeue,  ///< Deliver it again, if ListenerOptions::allow_requeue.
};

/// Which notifications an endpoint wants: regular expressions (Perl's and Python's syntax: PCRE2)
/// that have to match at the beginning of the value; empty ones match all. A value that is missing
/// or is no string matches none, nor does one that would take more than 100,000 steps.
struct NotificationFilter {
  std::string publisher_id{};
  std::string event_type{};
  std::map<std::string, std::string> context{};   ///< By name.
  std::map<std::string, std::string> metadata{};  ///< message_id, timestamp.
  std::map<std::string, std::string> payload{};   ///< By key of its outermost object.
};

/// What is done with notifications, by priority.
///
///     rpc::NotificationEndpoint audit{{.event_type = "compute\\..*"}};
///     audit.on(rpc::Priority::info, [](const rpc::Notification& note) {
///       store(note.event_type(), note.payload());
///       return rpc::NotificationResult::handled;
///     });
class NotificationEndpoint {
 public:
  using Method = std::function<NotificationResult(const Notification& notification)>;
  using BatchMethod = std::function<NotificationResult(const std::vector<Notification>& batch)>;

  /// Throws std::invalid_argument for a filter that is no regular expression.
  explicit NotificationEndpoint(NotificationFilter filter = {});
  NotificationEndpoint& on(Priority priority, Method method);
  /// Called by a listener with batch_size > 1, with one or more; one by one by other listeners.
  NotificationEndpoint& on_batch(Priority priority, BatchMethod method);

  struct State;  // For rpc's own sources, as is the next.
  [[nodiscard]] std::shared_ptr<const State> state() const noexcept { return state_; }

 private:
  std::shared_ptr<State> state_;
};

struct ListenerOptions {
  /// Listeners of one pool share the notifications; every pool gets all of them.
  std::string pool{};
  /// False: what a method wants requeued, or throws at, counts as handled.
  bool allow_requeue = false;
  std::size_t batch_size = 1;                     ///< 1: one by one.
  std::chrono::milliseconds batch_timeout{1000};  ///< How long a batch waits to be full.
  std::shared_ptr<const Serializer> serializer{};
};

/// Gives the notifications of some topics to endpoints, one after the other, in the order in which
/// they come. What stop() finds delivered is still handled.
class NotificationListener final : public ServiceBase {
 public:
  /// Topic and exchange of each target count. Throws InvalidTarget without a topic.
  NotificationListener(Transport transport, std::vector<Target> targets,
                       std::vector<NotificationEndpoint> endpoints, ListenerOptions options = {});
  ~NotificationListener() override;

  void start() override;
  void stop() noexcept override;
  void wait() override;
  void reset() override {}
  [[nodiscard]] std::string name() const override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thane::rpc
