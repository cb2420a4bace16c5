#include "local_driver.hpp"

#include <map>
#include <tuple>
#include <utility>

#include <thane/fiber.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/log.hpp>
#include <thane/rpc/errors.hpp>

#include "../message_fields.hpp"
#include "local_client.hpp"
#include "local_listener.hpp"

namespace thane::rpc::internal {

using namespace std::chrono_literals;

namespace {

// A process that does not read a cast for so long is no better than one that has died.
constexpr Duration longest_cast = 60s;

// Who ends connections without a word would else be asked again and again.
constexpr Duration pause_before_again = 1ms;

Target topic_of(const NotificationSource& source) {
  Target target = source.target;
  target.topic += "." + source.priority;
  return target;
}

class LocalDriver final : public Driver {
 public:
  explicit LocalDriver(std::string root) : root_(std::move(root)) {}

  std::unique_ptr<Listener> listen(const Target& target) override {
    LocalListener::Doors doors;
    try {
      doors.push_back(std::make_unique<Door>(root_, target, SocketRole::topic, target.server));
    } catch (const std::exception& error) {
      throw ServerListenError(target, error.what());
    }
    const auto make_fanout = [root = root_, target] {
      return std::make_unique<Door>(root, target, SocketRole::fanout, target.server);
    };
    return std::make_unique<LocalListener>(std::move(doors), make_fanout);
  }

  std::unique_ptr<Listener> listen_for_notifications(const std::vector<NotificationSource>& sources,
                                                     const std::string& pool) override {
    LocalListener::Doors doors;
    for (const NotificationSource& source : sources) {
      const Target target = topic_of(source);
      try {
        doors.push_back(std::make_unique<Door>(root_, target, SocketRole::notifications, pool));
      } catch (const std::exception& error) {
        throw ServerListenError(target, error.what());
      }
    }
    return std::make_unique<LocalListener>(std::move(doors), nullptr);
  }

  Reply call(const Target& target, Outgoing message, const CallOptions& options) override {
    const TimePoint deadline = deadline_after(FiberLoop::current().now(), options.timeout);
    json payload = pack(std::move(message));
    const std::string id = new_id();
    add_way_back(payload, id, "local", options.monitor_timeout);
    auto reply = ask(route(target), FrameKind::call, payload, deadline, monitor_limit(options), id);
    if (!reply) throw MessagingTimeout("Timed out waiting for a reply to message ID " + id);
    return std::move(*reply);
  }

  void cast(const Target& target, Outgoing message, const CastOptions& options) override {
    const json payload = pack(std::move(message));
    const bool sent = target.fanout ? tell_all(target, payload) : tell_one(route(target), payload);
    if (sent) return;
    if (options.at_least_once) {
      throw MessageUndeliverable("nobody listens on " + to_string(target));
    }
    log::debug("nobody listens on {}: the message is dropped", to_string(target));
  }

  // One listener of each pool; pools without a name are one.
  void notify(const Target& target, Outgoing message, NotificationFormat,
              std::optional<int>) override {
    const json payload = pack(std::move(message));
    SocketDirectory directory{root_, target.exchange, target.topic};
    std::string last;
    for (const std::string& name : directory.list(name_prefix(SocketRole::notifications, ""))) {
      std::string prefix = name.substr(0, name.rfind('@') + 1);
      if (prefix == last) continue;  // They are sorted.
      (void)tell_one(route(target, prefix), payload);
      last = std::move(prefix);
    }
  }

 private:
  Route& route(const Target& target, const std::string& prefix) {
    auto& route = routes_[{target.exchange, target.topic, prefix}];
    if (!route) route = std::make_unique<Route>(root_, target, prefix);
    return *route;
  }
  Route& route(const Target& target) {
    return route(target, name_prefix(SocketRole::topic, target.server));
  }

  static std::optional<Reply> ask(Route& route, FrameKind kind, const json& payload,
                                  TimePoint deadline, std::optional<Duration> monitor,
                                  const std::string& id) {
    while (const auto channel = route.wait_for_one(deadline)) {
      auto reply = channel->ask(kind, payload, deadline, monitor, id);
      if (reply) return reply;
      this_fiber::sleep_for(pause_before_again);
    }
    return std::nullopt;
  }

  // False: nobody is there.
  static bool tell_one(Route& route, const json& payload) {
    const TimePoint deadline = deadline_after(FiberLoop::current().now(), longest_cast);
    while (const auto channel = route.pick()) {
      if (channel->ask(FrameKind::cast, payload, deadline, std::nullopt, "of a cast")) return true;
      this_fiber::sleep_for(pause_before_again);
    }
    return false;
  }

  bool tell_all(const Target& target, const json& payload) {
    const auto channels = route(target, name_prefix(SocketRole::fanout, target.server)).all();
    for (const auto& channel : channels) channel->tell(payload);
    return !channels.empty();
  }

  std::string root_;
  std::map<std::tuple<std::string, std::string, std::string>, std::unique_ptr<Route>> routes_;
};

}  // namespace

std::shared_ptr<Driver> make_local_driver(const TransportUrl& url) {
  std::string root = url.path.empty() || url.path == "/" ? default_directory() : url.path;
  if (!root.starts_with('/')) {
    throw InvalidTransportURL(url.to_string(),
                              "local:// takes an absolute path, as local:///run/shop, not " + root);
  }
  while (root.size() > 1 && root.ends_with('/')) root.pop_back();
  return std::make_shared<LocalDriver>(std::move(root));
}

}  // namespace thane::rpc::internal
