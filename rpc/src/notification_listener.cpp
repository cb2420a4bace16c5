#include <thane/rpc/notification_listener.hpp>

#include <algorithm>
#include <chrono>
#include <deque>
#include <nlohmann/json.hpp>
#include <utility>

#include <thane/event.hpp>
#include <thane/fiber.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/log.hpp>
#include <thane/rpc/errors.hpp>
#include <thane/thread_group.hpp>

#include "notification_dispatcher.hpp"
#include "transport.hpp"

namespace thane::rpc {

using namespace std::chrono_literals;

namespace {

using internal::Incoming;

// What comes back at once would keep the process from everything else.
constexpr Duration pause_after_requeue = 10ms;

internal::NotificationDispatcher make_dispatcher(
    const std::vector<NotificationEndpoint>& endpoints) {
  internal::NotificationDispatcher::Endpoints states;
  for (const auto& endpoint : endpoints) states.push_back(endpoint.state());
  return internal::NotificationDispatcher{std::move(states)};
}

}  // namespace

class NotificationListener::Impl final : public internal::Receiver {
 public:
  Impl(Transport transport, std::vector<Target> targets,
       const std::vector<NotificationEndpoint>& endpoints, ListenerOptions options)
      : transport_(std::move(transport)),
        targets_(std::move(targets)),
        options_(std::move(options)),
        dispatcher_(make_dispatcher(endpoints)),
        fibers_(1),
        listener_(transport_.driver().listen_for_notifications(sources(), options_.pool)) {}

  void start() {
    stopped_.clear();
    ending_ = false;
    started_ = true;
    try {
      listener_->start(*this);
    } catch (...) {
      started_ = false;
      throw;
    }
    (void)fibers_.spawn([this] { work(); }, "notifications");
    if (stopped_.is_set()) listener_->stop();  // While it was starting.
  }

  void stop() noexcept {
    if (stopped_.is_set()) return;
    stopped_.set();
    if (started_) listener_->stop();
  }

  void wait() {
    if (!started_) return;
    stopped_.wait();
    listener_->drain();
    ending_ = true;
    come_.set();
    fibers_.stop();
    fibers_.wait();
    listener_->close();
    started_ = false;
  }

  void receive(std::unique_ptr<Incoming> message) noexcept override {
    try {
      waiting_.push_back(std::move(message));
      come_.set();
    } catch (const std::exception& error) {
      log::error("{} loses a notification: {}", name(), error.what());
    }
  }

  [[nodiscard]] std::string name() const {
    return "notifications-" + (targets_.empty() ? std::string{} : targets_.front().topic);
  }

 private:
  using Batch = std::vector<std::unique_ptr<Incoming>>;

  std::vector<internal::NotificationSource> sources() {
    std::vector<internal::NotificationSource> all;
    for (Target& target : targets_) {
      if (target.topic.empty()) {
        throw InvalidTarget("A target for notifications must have a topic", target);
      }
      if (target.exchange.empty()) target.exchange = transport_.settings().control_exchange;
      for (const auto& priority : dispatcher_.priorities()) all.push_back({target, priority});
    }
    return all;
  }

  void work() {
    while (!ending_ || !waiting_.empty()) {
      wait_for_messages(1, never);
      if (options_.batch_size > 1 && !waiting_.empty()) {
        const TimePoint now = FiberLoop::current().now();
        wait_for_messages(options_.batch_size, deadline_after(now, options_.batch_timeout));
      }
      Batch batch = take();
      if (!batch.empty()) handle(batch);
    }
  }

  void wait_for_messages(std::size_t count, TimePoint deadline) {
    while (waiting_.size() < count && !ending_) {
      come_.clear();
      if (!come_.wait_until(deadline)) return;
    }
  }

  // Those of one priority that stand first.
  Batch take() {
    Batch batch;
    const auto priority = [](const Incoming& each) {
      const auto found = each.message.find("priority");
      return found == each.message.end() ? nlohmann::json{} : *found;
    };
    while (!waiting_.empty() && batch.size() < std::max<std::size_t>(options_.batch_size, 1)) {
      if (!batch.empty() && priority(*batch.front()) != priority(*waiting_.front())) break;
      batch.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    return batch;
  }

  [[nodiscard]] Notification notification(const Incoming& incoming) const {
    const Context context{incoming.context};
    const Serializer* const serializer = options_.serializer.get();
    if (serializer == nullptr) return {context, incoming.message};
    const Context own = serializer->deserialize_context(context);
    nlohmann::json message = incoming.message;
    message["payload"] = serializer->deserialize_entity(own, std::move(message["payload"]));
    return {own, std::move(message)};
  }

  void handle(const Batch& batch) {
    auto result = NotificationResult::handled;
    try {
      std::vector<Notification> notifications;
      for (const auto& incoming : batch) notifications.push_back(notification(*incoming));
      const log::RequestScope scope{notifications.front().context().request_id()};
      result = dispatcher_.dispatch(notifications);
    } catch (const std::exception& error) {
      log::error("{}: a notification was not handled: {}", name(), error.what());
      result = NotificationResult::requeue;
    }
    const bool again = result == NotificationResult::requeue && options_.allow_requeue;
    for (const auto& incoming : batch) {
      if (again) {
        incoming->requeue();
      } else {
        incoming->acknowledge();
      }
    }
    if (again) this_fiber::sleep_for(pause_after_requeue);
  }

  Transport transport_;
  std::vector<Target> targets_;
  ListenerOptions options_;
  internal::NotificationDispatcher dispatcher_;
  Event stopped_;
  bool started_ = false;
  bool ending_ = false;
  std::deque<std::unique_ptr<Incoming>> waiting_;
  Event come_;
  ThreadGroup fibers_;
  std::unique_ptr<internal::Listener> listener_;
};

NotificationListener::NotificationListener(Transport transport, std::vector<Target> targets,
                                           std::vector<NotificationEndpoint> endpoints,
                                           ListenerOptions options)
    : impl_(std::make_unique<Impl>(std::move(transport), std::move(targets), endpoints,
                                   std::move(options))) {}

NotificationListener::~NotificationListener() = default;

void NotificationListener::start() {
  impl_->start();
}

void NotificationListener::stop() noexcept {
  impl_->stop();
}

void NotificationListener::wait() {
  impl_->wait();
}

std::string NotificationListener::name() const {
  return impl_->name();
}

}  // namespace thane::rpc
