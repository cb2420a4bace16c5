#include "driver.hpp"

#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <thane/event.hpp>
#include <thane/fiber.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/log.hpp>
#include <thane/rpc/errors.hpp>
#include <utility>

#include "broker.hpp"
#include "link.hpp"
#include "listener.hpp"
#include "message_fields.hpp"
#include "publisher.hpp"
#include "queue_names.hpp"
#include "reply_queue.hpp"
#include "reply_sender.hpp"

namespace thane::rpc::internal::rabbit {

namespace {

// One connection for what comes and one for what goes, so that a broker that stops the one does
// not stop the other.
class RabbitDriver final : public Driver {
 public:
  explicit RabbitDriver(Broker broker) : broker_(std::move(broker)) {}
  ~RabbitDriver() override;

  std::unique_ptr<Listener> listen(const Target& target) override;
  std::unique_ptr<Listener> listen_for_notifications(const std::vector<NotificationSource>& sources,
                                                     const std::string& pool) override;
  Reply call(const Target& target, Outgoing outgoing, const CallOptions& options) override;
  void cast(const Target& target, Outgoing outgoing, const CastOptions& options) override;
  void notify(const Target& target, Outgoing outgoing, NotificationFormat format,
              std::optional<int> retry) override;

 private:
  [[nodiscard]] const RabbitOptions& options() const noexcept { return broker_.options; }
  [[nodiscard]] std::unique_ptr<Listener> make_listener(const Target& target,
                                                        std::function<Topology()> topology);
  void expect_replies(TimePoint deadline, const CallOptions& options,
                      const std::string& message_id);
  void start_sending();
  void deliver(std::shared_ptr<Publish> message);
  void close_if_idle();
  void disconnect();

  Broker broker_;
  Link listen_{broker_, "listen"};
  Link send_{broker_, "send"};
  Publisher messages_{send_};
  Publisher answers_{send_};
  ReplySender replies_{answers_, broker_.options};
  std::optional<ReplyQueue> reply_queue_;
  bool sending_ = false;
  int listeners_ = 0;  // That were started and not closed.
  int senders_ = 0;    // Fibers in call(), cast() and notify().
};

// Counts a fiber as long as it is at work.
struct Counted {
  explicit Counted(int& to) : count(++to) {}
  ~Counted() { --count; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  int& count;
};

// The fiber that waits for a message goes away.
struct Abandon {
  explicit Abandon(Publish& publish) noexcept : message(publish) {}
  ~Abandon() {
    message.abandoned = true;
    message.done = nullptr;
  }
  Abandon(const Abandon&) = delete;
  Abandon& operator=(const Abandon&) = delete;
  Publish& message;
};

std::optional<int> limited(std::optional<int> retry) {
  return retry.value_or(-1) < 0 ? std::nullopt : retry;
}

RabbitDriver::~RabbitDriver() {
  if (!this_fiber::current()) return;  // Nothing runs any more, or nothing ever did.
  const this_fiber::Mask mask;
  try {
    disconnect();
  } catch (const std::exception& error) {
    log::error("rabbit: {}", error.what());
  }
}

std::unique_ptr<Listener> RabbitDriver::listen(const Target& target) {
  return make_listener(target, [this, target] {
    return server_topology(options(), target, unique_part(options()));
  });
}

std::unique_ptr<Listener> RabbitDriver::listen_for_notifications(
    const std::vector<NotificationSource>& sources, const std::string& pool) {
  const Target target = sources.empty() ? Target{} : sources.front().target;
  return make_listener(
      target, [this, sources, pool] { return notification_topology(options(), sources, pool); });
}

std::unique_ptr<Listener> RabbitDriver::make_listener(const Target& target,
                                                      std::function<Topology()> topology) {
  RabbitListener::Parts parts{.link = listen_,
                              .replies = replies_,
                              .topology = std::move(topology),
                              .target = target,
                              .started = {},
                              .closed = {}};
  parts.started = [this] {
    ++listeners_;
    start_sending();
  };
  parts.closed = [this] {
    --listeners_;
    close_if_idle();
  };
  return std::make_unique<RabbitListener>(std::move(parts));
}

void RabbitDriver::start_sending() {
  if (std::exchange(sending_, true)) return;
  send_.join(messages_);
  send_.join(answers_);
}

void RabbitDriver::close_if_idle() {
  if (listeners_ == 0 && senders_ == 0 && messages_.open() == 0 && answers_.open() == 0) {
    disconnect();
  }
}

void RabbitDriver::disconnect() {
  if (reply_queue_) {
    reply_queue_->leave({});
    reply_queue_.reset();
  }
  if (std::exchange(sending_, false)) {
    send_.leave(messages_);
    send_.leave(answers_);
  }
}

Reply RabbitDriver::call(const Target& target, Outgoing outgoing, const CallOptions& options) {
  const Counted counted{senders_};
  const TimePoint deadline = deadline_after(FiberLoop::current().now(), options.timeout);
  const std::string message_id = new_id();
  start_sending();
  expect_replies(deadline, options, message_id);

  const std::string payload =
      pack_text(outgoing, ReplyAddress{.message_id = message_id,
                                       .reply_queue = reply_queue_->name(),
                                       .monitor_timeout = options.monitor_timeout});
  auto message = std::make_shared<Publish>();
  message->route = message_route(this->options(), target);
  message->content = encode_body(wrap(payload), this->options().kombu_compression);
  if (!target.fanout && options.timeout != Duration::max()) {
    const auto limit = std::chrono::ceil<std::chrono::milliseconds>(options.timeout);
    message->content.properties.expiration = fmt::format_int(limit.count()).str();
  }
  message->retry = limited(options.retry);
  message->expires = deadline;

  PendingCall pending;
  const ReplyQueue::Expected expected{*reply_queue_, message_id, pending};
  message->done = [&pending](const Delivery& delivery) {
    if (delivery.fate == Delivery::Fate::failed) {
      pending.fail(std::make_exception_ptr(MessageDeliveryFailure(delivery.text)));
    }
  };
  const Abandon abandon{*message};
  messages_.send(message);
  return pending.wait(deadline, monitor_limit(options), message_id).value_or(Reply{});
}

void RabbitDriver::expect_replies(TimePoint deadline, const CallOptions& options,
                                  const std::string& message_id) {
  bool ready = false;
  try {
    if (!reply_queue_) {
      reply_queue_.emplace(listen_, "reply_" + unique_part(this->options()));
      reply_queue_->start();
    }
    ready = reply_queue_->wait_until_ready(deadline, limited(options.retry));
  } catch (const std::runtime_error& error) {
    throw MessageDeliveryFailure(error.what());
  }
  if (!ready) {
    throw MessagingTimeout("Timed out waiting for a reply to message ID " + message_id);
  }
}

void RabbitDriver::cast(const Target& target, Outgoing outgoing, const CastOptions& options) {
  auto message = std::make_shared<Publish>();
  message->route = message_route(this->options(), target);
  message->content = encode_body(wrap(pack_text(outgoing)), this->options().kombu_compression);
  message->mandatory = options.at_least_once ? amqp::Mandatory::yes : amqp::Mandatory::no;
  message->retry = limited(options.retry);
  deliver(std::move(message));
}

void RabbitDriver::notify(const Target& target, Outgoing outgoing, NotificationFormat format,
                          std::optional<int> retry) {
  const std::string text = pack_text(outgoing);
  auto message = std::make_shared<Publish>();
  message->route = notification_route(options(), target);
  message->content = encode_body(format == NotificationFormat::enveloped ? wrap(text) : text,
                                 options().kombu_compression);
  message->retry = limited(retry);
  deliver(std::move(message));
}

// Blocks until the broker has it.
void RabbitDriver::deliver(std::shared_ptr<Publish> message) {
  const Counted counted{senders_};
  start_sending();
  Event settled;
  Delivery delivery;
  message->done = [&](const Delivery& found) {
    delivery = found;
    settled.set();
  };
  const Abandon abandon{*message};
  messages_.send(message);
  settled.wait();
  if (delivery.fate == Delivery::Fate::returned) {
    throw MessageUndeliverable(
        fmt::format("no queue for exchange \"{}\" and routing key \"{}\": {}",
                    message->route.exchange, message->route.routing_key, delivery.text));
  }
  if (delivery.fate == Delivery::Fate::failed) throw MessageDeliveryFailure(delivery.text);
}

}  // namespace

std::shared_ptr<Driver> make_rabbit_driver(const TransportUrl& url, const Snapshot* values) {
  return std::make_shared<RabbitDriver>(Broker::from(url, values));
}

}  // namespace thane::rpc::internal::rabbit
