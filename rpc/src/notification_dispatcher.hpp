// Which endpoints want a notification, and what they say. Does no I/O.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <thane/rpc/notification_listener.hpp>

#include "pattern.hpp"

namespace thane::rpc {

struct NotificationEndpoint::State {
  explicit State(const NotificationFilter& filter);

  /// Whether the filter lets it through.
  [[nodiscard]] bool wants(const Notification& notification) const;

  std::map<std::string, BatchMethod, std::less<>> methods;  ///< By priority.

 private:
  using Rules = std::map<std::string, internal::Pattern>;
  Rules words_;  // publisher_id, event_type.
  Rules context_;
  Rules metadata_;
  Rules payload_;
};

namespace internal {

class NotificationDispatcher {
 public:
  using Endpoints = std::vector<std::shared_ptr<const NotificationEndpoint::State>>;
  explicit NotificationDispatcher(Endpoints endpoints) : endpoints_(std::move(endpoints)) {}

  /// Those that any endpoint has a method for.
  [[nodiscard]] std::vector<std::string> priorities() const;

  /// Gives a batch of one priority to each endpoint that wants any of it, in order, until one wants
  /// it requeued. What a method throws goes through.
  [[nodiscard]] NotificationResult dispatch(const std::vector<Notification>& batch) const;

 private:
  Endpoints endpoints_;
};

}  // namespace internal
}  // namespace thane::rpc
