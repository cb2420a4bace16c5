// The queue of a process for the answers to its calls, and the calls that wait for them.
#pragma once

#include <string>
#include <unordered_map>

#include "consumers.hpp"
#include "pending_call.hpp"

namespace thane::rpc::internal::rabbit {

class ReplyQueue final : public Consumers {
 public:
  /// `name` is its own, reply_ and a new id.
  ReplyQueue(Link& link, std::string name);
  void start() { Consumers::start(reply_topology(options(), name_)); }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] bool idle() const noexcept { return calls_.empty(); }

  /// Answers to `message_id` go to `call`, from now on and as long as this exists.
  class Expected {
   public:
    Expected(ReplyQueue& queue, std::string message_id, PendingCall& call);
    ~Expected() { queue_.calls_.erase(message_id_); }
    Expected(const Expected&) = delete;
    Expected& operator=(const Expected&) = delete;

   private:
    ReplyQueue& queue_;
    std::string message_id_;
  };

 private:
  struct Call {
    PendingCall* pending;
    Reply early{};  // A result that came before the end, as old servers send it.
  };

  void delivered(amqp::Delivered& message, DeliveryId id) override;
  void answered(std::string body);

  std::string name_;
  std::unordered_map<std::string, Call> calls_;
};

}  // namespace thane::rpc::internal::rabbit
