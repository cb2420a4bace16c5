// One server's ear at the broker, or that of a listener for notifications.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "consumers.hpp"
#include "reply_sender.hpp"
#include "seen_ids.hpp"
#include "transport.hpp"

namespace thane::rpc::internal::rabbit {

class RabbitListener final : public Listener, private Consumers {
 public:
  struct Parts {
    Link& link;
    ReplySender& replies;
    /// What to declare. Called by start(), in the worker: a queue of a process's own has a name
    /// that no other process has.
    std::function<Topology()> topology;
    Target target;                  ///< For error messages.
    std::function<void()> started;  ///< Called at the beginning of start(),
    std::function<void()> closed;   ///< and at the end of close().
  };
  explicit RabbitListener(Parts parts);

  void start(Receiver& receiver) override;
  void stop() noexcept override;
  void drain() override;
  void close() override;

 private:
  class Message;
  [[nodiscard]] Topology make_topology() const;
  void delivered(amqp::Delivered& message, DeliveryId id) override;

  ReplySender& replies_;
  std::function<Topology()> topology_;
  std::string own_queue_;
  Target target_;
  std::function<void()> started_;
  std::function<void()> closed_;
  Receiver* receiver_ = nullptr;
  ReplySender::Sender sender_;
  SeenIds seen_;
};

}  // namespace thane::rpc::internal::rabbit
