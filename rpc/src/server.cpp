#include <thane/rpc/server.hpp>

#include <deque>
#include <exception>
#include <nlohmann/json.hpp>
#include <utility>

#include <thane/event.hpp>
#include <thane/fiber.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/internal/describe_exception.hpp>
#include <thane/internal/exchange_locals.hpp>
#include <thane/internal/worker_slot.hpp>
#include <thane/log.hpp>
#include <thane/thread_group.hpp>

#include "call_monitor.hpp"
#include "dispatcher.hpp"
#include "failure.hpp"
#include "transport.hpp"

namespace thane::rpc {

namespace {

using internal::Incoming;
using nlohmann::json;

Target checked(Target target, const Transport& transport) {
  if (target.topic.empty() || target.server.empty()) {
    throw InvalidTarget("A server's target must have topic and server names specified", target);
  }
  if (target.exchange.empty()) target.exchange = transport.settings().control_exchange;
  return target;
}

std::vector<Endpoint> with_ping(std::vector<Endpoint> endpoints, bool ping) {
  if (!ping) return endpoints;
  Endpoint answering;
  answering.method("oslo_rpc_server_ping", [](const Context&, const json&) { return "pong"; });
  endpoints.push_back(std::move(answering));
  return endpoints;
}

// For messages to people.
std::string method_of(const json& message) {
  const auto found = message.find("method");
  if (found == message.end()) return "no method";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

bool is_meant(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Failure&) {
    return true;
  } catch (const RemoteError&) {
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace

class Server::Impl final : public internal::Receiver {
 public:
  Impl(Transport transport, Target target, std::vector<Endpoint> endpoints, ServerOptions options)
      : transport_(std::move(transport)),
        target_(checked(std::move(target), transport_)),
        dispatcher_(with_ping(std::move(endpoints), options.rpc_ping_enabled.value_or(
                                                        transport_.settings().rpc_ping_enabled)),
                    std::move(options.access_policy), options.serializer),
        fibers_(options.executor_thread_pool_size.value_or(
            transport_.settings().executor_thread_pool_size)),
        listener_(transport_.driver().listen(target_)) {}

  void start() {
    stopped_.clear();
    running_service_ = true;
    fiber_begins_ = false;  // One that was killed before it ran has not said so.
    try {
      listener_->start(*this);
    } catch (...) {
      running_service_ = false;
      throw;
    }
    if (stopped_.is_set()) listener_->stop();  // While it was starting.
  }

  void stop() noexcept {
    if (stopped_.is_set()) return;
    stopped_.set();
    if (running_service_) listener_->stop();
  }

  void wait() {
    if (!running_service_) return;
    stopped_.wait();
    listener_->drain();
    fibers_.wait();
    listener_->close();
    running_service_ = false;
  }

  void receive(std::unique_ptr<Incoming> message) noexcept override {
    try {
      waiting_.push_back(std::move(message));
    } catch (const std::exception& error) {
      log::error("{} has no room for a message: {}", name(), error.what());
    }
    begin_work();
  }

  [[nodiscard]] std::string name() const { return "rpc-" + target_.topic; }
  [[nodiscard]] std::size_t running() const noexcept { return fibers_.running(); }
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }

 private:
  // One fiber that is about to run is enough: it begins another one if it leaves messages to it.
  // So all that has come at once and does not wait is worked off by two.
  void begin_work() noexcept {
    if (fiber_begins_) return;
    try {
      fiber_begins_ = static_cast<bool>(fibers_.try_spawn([this] { work(); }, "rpc"));
    } catch (const std::exception& error) {
      // No memory for one more fiber: those that run come to it.
      log::warning("{} has no fiber for a message: {}", name(), error.what());
    }
  }

  void work() {
    fiber_begins_ = false;
    while (!waiting_.empty()) {
      const auto message = std::move(waiting_.front());
      waiting_.pop_front();
      if (!waiting_.empty()) begin_work();
      serve(*message);
      thane::internal::drop_locals();
    }
  }

  void serve(Incoming& call) {
    if (call.expires != never && FiberLoop::current().now() > call.expires) {
      call.acknowledge();
      return;  // Its caller has given up.
    }
    call.acknowledge();
    thane::internal::count_request();
    std::string request_id = call.context.request_id();
    if (request_id.empty()) return run(call);
    const log::RequestScope scope{std::move(request_id)};
    run(call);
  }

  void run(Incoming& call) {
    const std::string method = method_of(call.message);
    internal::Reply reply;
    try {
      const internal::CallMonitor monitor{call};
      reply.result = dispatcher_.dispatch(call.context, std::move(call.message));
    } catch (const fiber_killed&) {
      throw;
    } catch (...) {
      const auto error = std::current_exception();
      if (call.message_id.empty() || !is_meant(error)) {
        log::error("{}: {} threw: {}", name(), method, thane::internal::describe(error));
      }
      reply.failure = internal::describe_failure(error, method);
    }
    if (!call.message_id.empty()) call.reply(std::move(reply));
  }

  Transport transport_;
  Target target_;
  internal::Dispatcher dispatcher_;
  Event stopped_;
  bool running_service_ = false;
  std::deque<std::unique_ptr<Incoming>> waiting_;
  bool fiber_begins_ = false;  // It will look at what waits.
  ThreadGroup fibers_;         // Its size is the limit of what is at work.
  std::unique_ptr<internal::Listener> listener_;
};

Server::Server(Transport transport, Target target, std::vector<Endpoint> endpoints,
               ServerOptions options)
    : impl_(std::make_unique<Impl>(std::move(transport), std::move(target), std::move(endpoints),
                                   std::move(options))) {}

Server::~Server() = default;

void Server::start() {
  impl_->start();
}

void Server::stop() noexcept {
  impl_->stop();
}

void Server::wait() {
  impl_->wait();
}

std::string Server::name() const {
  return impl_->name();
}

std::size_t Server::running() const noexcept {
  return impl_->running();
}

std::size_t Server::waiting() const noexcept {
  return impl_->waiting();
}

}  // namespace thane::rpc
