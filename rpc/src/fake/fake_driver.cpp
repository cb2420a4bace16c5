#include "fake_driver.hpp"

#include <chrono>
#include <utility>

#include <thane/fiber_loop.hpp>
#include <thane/rpc/errors.hpp>

#include "../message_fields.hpp"
#include "../pending_call.hpp"
#include "fake_exchange.hpp"

namespace thane::rpc::internal {

namespace {

std::string queue_of(const Target& target) {
  std::string queue = target.exchange + "/" + target.topic;
  if (!target.server.empty()) queue += "." + target.server;
  return queue;
}

std::string fanout_of(const Target& target) {
  return target.topic + "_fanout";
}

// Set to null when the caller waits no more.
using WayBack = std::shared_ptr<PendingCall*>;

class FakeIncoming final : public Incoming {
 public:
  FakeIncoming(FakeExchange& exchange, std::string queue, const json& payload, WayBack way_back)
      : exchange_(exchange), queue_(std::move(queue)), payload_(payload), way_back_(way_back) {
    unpack(payload).move_to(*this);
  }
  ~FakeIncoming() override {
    if (PendingCall* const call = caller()) {
      call->fail(std::make_exception_ptr(
          MessageDeliveryFailure("the server has dropped the call " + message_id)));
    }
  }

  void acknowledge() noexcept override {}
  void requeue() noexcept override {
    auto again = std::make_unique<FakeIncoming>(exchange_, queue_, payload_, way_back_);
    way_back_.reset();
    again->redelivered = true;
    exchange_.deliver(queue_, std::move(again));
  }
  void reply(Reply reply) noexcept override {
    if (PendingCall* const call = caller()) call->answer(std::move(reply));
    way_back_.reset();
  }
  void heartbeat() noexcept override {
    if (PendingCall* const call = caller()) call->heartbeat();
  }

 private:
  [[nodiscard]] PendingCall* caller() const { return way_back_ ? *way_back_ : nullptr; }

  FakeExchange& exchange_;  // Queues do not outlive it, nor do servers.
  std::string queue_;
  json payload_;  // For requeue().
  WayBack way_back_;
};

class FakeListener final : public Listener {
 public:
  FakeListener(std::shared_ptr<FakeExchange> exchange, std::vector<std::string> queues)
      : exchange_(std::move(exchange)), queues_(std::move(queues)) {}
  ~FakeListener() override { stop(); }

  void start(Receiver& receiver) override {
    receiver_ = &receiver;
    for (const std::string& queue : queues_) exchange_->consume(queue, receiver);
  }
  void stop() noexcept override {
    if (receiver_ == nullptr) return;
    for (const std::string& queue : queues_) exchange_->cancel(queue, *receiver_);
    receiver_ = nullptr;
  }
  void drain() override {}
  void close() override {}

 private:
  std::shared_ptr<FakeExchange> exchange_;
  std::vector<std::string> queues_;
  Receiver* receiver_ = nullptr;
};

class FakeDriver final : public Driver {
 public:
  explicit FakeDriver(const std::string& name) : exchange_(fake_exchange(name)) {}

  std::unique_ptr<Listener> listen(const Target& target) override {
    Target any = target;
    any.server.clear();
    return std::make_unique<FakeListener>(
        exchange_, std::vector{queue_of(any), queue_of(target), fanout_of(target)});
  }

  std::unique_ptr<Listener> listen_for_notifications(const std::vector<NotificationSource>& sources,
                                                     const std::string& pool) override {
    std::vector<std::string> queues;
    for (const auto& [target, priority] : sources) {
      std::string queue = queue_of(target) + "." + priority;
      if (!pool.empty()) {
        exchange_->bind(queue, queue + "/" + pool);
        queue += "/" + pool;
      }
      queues.push_back(std::move(queue));
    }
    return std::make_unique<FakeListener>(exchange_, std::move(queues));
  }

  Reply call(const Target& target, Outgoing message, const CallOptions& options) override {
    const TimePoint deadline = deadline_after(FiberLoop::current().now(), options.timeout);
    json payload = pack(std::move(message));
    const std::string id = new_id();
    add_way_back(payload, id, "fake", options.monitor_timeout);
    PendingCall pending;
    struct Expected {
      explicit Expected(PendingCall* call) : way_back(std::make_shared<PendingCall*>(call)) {}
      ~Expected() { *way_back = nullptr; }
      Expected(const Expected&) = delete;
      Expected& operator=(const Expected&) = delete;
      WayBack way_back;
    } const expected{&pending};
    send(queue_of(target), payload, expected.way_back, deadline);
    return *pending.wait(deadline, monitor_limit(options), id);
  }

  void cast(const Target& target, Outgoing message, const CastOptions& options) override {
    const json payload = pack(std::move(message));
    if (!target.fanout) {
      if (options.at_least_once && exchange_->consumers(queue_of(target)).empty()) {
        throw MessageUndeliverable("nobody listens on " + to_string(target));
      }
      return send(queue_of(target), payload, nullptr, never);
    }
    const std::string queue = fanout_of(target);
    const auto receivers = exchange_->consumers(queue);  // A copy: one may stop meanwhile.
    for (Receiver* const receiver : receivers) {
      receiver->receive(std::make_unique<FakeIncoming>(*exchange_, queue, payload, nullptr));
    }
  }

  void notify(const Target& target, Outgoing message, NotificationFormat,
              std::optional<int>) override {
    const json payload = pack(std::move(message));
    for (const std::string& queue : exchange_->bound_to(queue_of(target))) {
      send(queue, payload, nullptr, never);
    }
  }

 private:
  void send(const std::string& queue, const json& payload, WayBack way_back, TimePoint expires) {
    auto incoming = std::make_unique<FakeIncoming>(*exchange_, queue, payload, std::move(way_back));
    incoming->expires = expires;
    exchange_->deliver(queue, std::move(incoming));
  }

  std::shared_ptr<FakeExchange> exchange_;
};

}  // namespace

std::shared_ptr<Driver> make_fake_driver(const TransportUrl& url) {
  return std::make_shared<FakeDriver>(url.path);
}

}  // namespace thane::rpc::internal
