// An RPC server as a service: answers what is called on a topic.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <thane/rpc/endpoint.hpp>
#include <thane/rpc/serializer.hpp>
#include <thane/rpc/transport.hpp>
#include <thane/service_base.hpp>

namespace thane::rpc {

struct ServerOptions {
  /// How many calls it works on at a time, in each worker, each on a fiber; those beyond wait.
  /// None: option executor_thread_pool_size (rpc_thread_pool_size).
  std::optional<std::size_t> executor_thread_pool_size{};
  RPCAccessPolicy access_policy = DefaultRPCAccessPolicy{};
  std::shared_ptr<const Serializer> serializer{};  ///< None: values as they are.
  std::optional<bool> rpc_ping_enabled{};          ///< None: the option of that name.
};

/// Serves endpoints on target.topic, as target.server, and for fanout.
///
///     const auto transport = rpc::Transport::from(config);
///     const rpc::Target target{.topic = "stock", .server = "host-1"};
///     auto stock = std::make_unique<rpc::Server>(transport, target, std::vector{endpoint});
///     return thane::launch(config, std::move(stock), {.workers = 4})->wait();
///
/// A call is offered to the endpoints in their order; the first that has its namespace, a
/// compatible version and the method serves it. Casts are served the same; nobody hears of what
/// they throw but the log.
///
/// The constructor runs in the parent: with local:// it binds, so that all workers share one queue
/// of clients. stop() is graceful: nothing more is taken, what was delivered is executed and
/// answered; wait() blocks until that is done.
class Server final : public ServiceBase {
 public:
  /// Throws InvalidTarget without a topic and a server, ServerListenError.
  Server(Transport transport, Target target, std::vector<Endpoint> endpoints,
         ServerOptions options = {});
  ~Server() override;

  void start() override;
  void stop() noexcept override;
  void wait() override;
  /// Nothing: what a server needs to be told, it was told by its constructor.
  void reset() override {}
  /// "rpc-TOPIC".
  [[nodiscard]] std::string name() const override;

  [[nodiscard]] std::size_t running() const noexcept;  ///< Calls at work, in this process.
  [[nodiscard]] std::size_t waiting() const noexcept;  ///< Taken, but no fiber free for them yet.

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thane::rpc
