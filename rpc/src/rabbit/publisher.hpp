// Messages on their way to the broker, until it has confirmed them.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <thane/clock.hpp>

#include "declarations.hpp"
#include "envelope.hpp"
#include "link.hpp"
#include "topology.hpp"

namespace thane::rpc::internal::rabbit {

/// What became of a message for good.
struct Delivery {
  enum class Fate {
    confirmed,
    returned,  ///< Mandatory, and there is no queue for it.
    failed,    ///< The broker refused it, or cannot be reached.
  };
  Fate fate = Fate::confirmed;
  std::string text{};
};

/// One message. Whoever waits for it may go away: then `done` is emptied, and what was not sent
/// yet never will be.
struct Publish {
  Route route;
  Encoded content;
  amqp::Mandatory mandatory = amqp::Mandatory::no;
  std::optional<int> retry{};  ///< Attempts after the first; none or negative: for ever.
  TimePoint expires = never;   ///< Not to be sent any more after that.
  std::function<void(const Delivery&)> done{};  ///< Must not suspend.
  bool abandoned = false;
  int failures = 0;
};

/// A channel for messages, pipelined: as many as there are may wait for their confirms. What the
/// broker has not confirmed when the connection is lost is sent again over the next one; receivers
/// know a message that comes twice by its id. While the broker has us blocked, or the output is
/// above the high-water mark, messages wait here, and the loop goes on.
class Publisher final : public ChannelUser {
 public:
  explicit Publisher(Link& link) noexcept : link_(link) {}
  ~Publisher() override;

  /// Takes it; never suspends. Throws std::invalid_argument for names that are too long.
  void send(std::shared_ptr<Publish> message);

  /// The same, but not before `when`; calls with later times come later.
  void send_later(std::shared_ptr<Publish> message, TimePoint when);

  /// Messages that are not settled yet.
  [[nodiscard]] std::size_t open() const noexcept {
    return waiting_.size() + sent_.size() + later_.size();
  }

  void opened(amqp::Connection& connection, amqp::ChannelId channel) override;
  void happened(amqp::Event& event) override;
  Duration channel_closed(const amqp::ChannelClosed& event) override;
  void lost(const Outage& outage) override;
  void left() override { take_back(); }
  void sent() override { pump(); }
  TimePoint tick(TimePoint now) override;

  static constexpr std::size_t high_water = 1024 * 1024;

 private:
  using Ptr = std::shared_ptr<Publish>;

  void pump();
  void publish(Ptr message);
  void declare(const Route& route);
  void settle(const amqp::Settled& settled);
  void take_back();
  [[nodiscard]] bool learn(const amqp::ChannelClosed& event);
  /// Whether that was one failure too many, or one that will not pass.
  static bool count_failure(Publish& message, const Outage& outage);
  static void finish(const Ptr& message, Delivery delivery);

  Link& link_;
  amqp::Connection* connection_ = nullptr;
  amqp::ChannelId channel_ = 0;
  std::deque<Ptr> waiting_;
  std::deque<std::pair<TimePoint, Ptr>> later_;
  std::deque<Ptr> sent_;  // In the order of their numbers; null where settled.
  amqp::PublishId first_sent_ = 1;
  std::set<std::string> declared_;  // On this channel.
  Concessions concessions_;
};

}  // namespace thane::rpc::internal::rabbit
