// Answers to calls, sent again while the queue of the caller is missing.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <utility>

#include <thane/clock.hpp>
#include <thane/gate.hpp>

#include "publisher.hpp"

namespace thane::rpc::internal::rabbit {

/// A caller's queue is missing when the caller has died, or when it has yet to come back to a
/// broker that was restarted. Answers wait for it off the fibers that gave them, so that dead
/// callers cost nothing; a queue that did not come is remembered for some time, and answers to it
/// are dropped.
class ReplySender {
 public:
  /// One listener. Once it closes, answers to missing queues are given up soon.
  struct Sender {
    thane::Gate answers;  ///< Held by each answer that has not left.
    bool closing = false;
  };

  ReplySender(Publisher& publisher, const RabbitOptions& options) noexcept
      : publisher_(publisher), options_(options) {}

  /// `sender` outlives the answer: it closes its gate and waits for it. Never suspends or throws.
  void send(const std::string& queue, std::string body, Sender& sender) noexcept;

 private:
  struct Answer;
  void give(Answer& answer);
  void settled(Answer& answer, const Delivery& delivery);
  [[nodiscard]] bool is_missing(const std::string& queue);

  Publisher& publisher_;
  const RabbitOptions& options_;
  std::deque<std::pair<TimePoint, std::string>> missing_;  // Until when; oldest first.
};

}  // namespace thane::rpc::internal::rabbit
