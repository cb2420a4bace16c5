// Consumers on a channel of their own: declared, consumed from, and again after each mishap.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <thane/clock.hpp>
#include <thane/event.hpp>

#include "acknowledgements.hpp"
#include "declarations.hpp"
#include "link.hpp"
#include "topology.hpp"

namespace thane::rpc::internal::rabbit {

/// Which delivery on which channel: numbers begin anew with each one.
struct DeliveryId {
  std::uint64_t epoch = 0;
  std::uint64_t tag = 0;
};

/// What consumes from the queues of a Topology. Order of calls:
///
///     start() ──► [wait_until_ready()] ──► cancel() ──► wait_until_cancelled() ──► leave()
class Consumers : public ChannelUser {
 public:
  enum class State { none, declaring, ready, cancelling, cancelled };

  explicit Consumers(Link& link) : link_(link) {}

  /// Joins the link. Does nothing if it has.
  void start(Topology topology);
  /// Whether they exist before the deadline, and were not cancelled. Throws std::runtime_error when
  /// that will not come about: the broker refuses us or a declaration, or was tried in vain more
  /// than `retry` times.
  [[nodiscard]] bool wait_until_ready(TimePoint deadline, std::optional<int> retry = {});
  /// Asks for nothing more than what is on its way. Never blocks.
  void cancel();
  void wait_until_cancelled();
  /// Leaves the link, whose last user waits for its end; `queue`, if not empty, is deleted.
  void leave(const std::string& queue);

  void acknowledge(DeliveryId delivery);
  void reject(DeliveryId delivery, amqp::Channel::Requeue requeue);

  void opened(amqp::Connection& connection, amqp::ChannelId channel) override;
  void happened(amqp::Event& event) override;
  Duration channel_closed(const amqp::ChannelClosed& event) override;
  void lost(const Outage& outage) override;
  void sending() override;
  TimePoint tick(TimePoint at) override;

 protected:
  /// Must not suspend.
  virtual void delivered(amqp::Delivered& message, DeliveryId id) = 0;
  [[nodiscard]] const RabbitOptions& options() const noexcept { return link_.broker().options; }

 private:
  void declare();
  [[nodiscard]] std::vector<std::string> consumed_queues() const;
  void completed(amqp::RequestId request);
  void consumer_cancelled(const std::string& tag);
  void note_offset(const amqp::Delivered& message);
  [[nodiscard]] Duration refused(const amqp::ChannelClosed& event);
  void gone();

  Link& link_;
  Topology topology_;
  Concessions concessions_;
  std::optional<std::int64_t> stream_offset_;  // Of the next message.
  std::string stuck_;                          // A queue to be deleted first.
  bool tried_to_delete_ = false;
  State state_ = State::none;
  amqp::Connection* connection_ = nullptr;
  amqp::ChannelId channel_ = 0;
  std::uint64_t epoch_ = 0;
  amqp::RequestId last_request_ = 0;
  std::set<std::size_t> missing_;  // Queues without a consumer, which is to be made.
  Acknowledgements acknowledgements_;
  int failures_ = 0;
  std::string hopeless_;  // Why it will never be ready.
  TimePoint declare_at_ = never;
  TimePoint declared_again_{};
  Event changed_;
};

}  // namespace thane::rpc::internal::rabbit
