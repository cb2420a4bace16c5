// What stands between a server or client and a way to carry messages: the interface of drivers.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include <thane/clock.hpp>
#include <thane/rpc/context.hpp>
#include <thane/rpc/target.hpp>
#include <thane/rpc/transport.hpp>

namespace thane::rpc::internal {

using nlohmann::json;

/// A message before it has what a driver adds to it (message_fields.hpp): for a call the keys
/// method, args, namespace and version; for a notification those of section "notification".
struct Outgoing {
  json message = json::object();
  json context = json::object();  ///< Names without prefix.
};

// Moving JSON does not throw, though the check does not see it.
/// An answer. A failure is the JSON text of an object (failure.hpp), and wins over a result.
struct Reply {  // NOLINT(bugprone-exception-escape)
  json result{};
  std::optional<std::string> failure{};
};

/// One message as a Listener delivers it. Lives until the work on it is done: a driver may count
/// those that exist, and take no more from its source while there are many.
///
/// acknowledge(), requeue(), reply() and heartbeat() never suspend and never throw: they hand over
/// to the driver, which sends behind the caller's back. None of them does anything once the way
/// back is gone. Destroying it without a reply is legal; the caller runs into its timeout, or is
/// told at once where the driver can.
class Incoming {
 public:
  Incoming() noexcept(false) = default;  // The constructor of json says that it may throw.
  virtual ~Incoming() = default;
  Incoming(const Incoming&) = delete;
  Incoming& operator=(const Incoming&) = delete;

  json message{};            ///< An object, without the fields of drivers and contexts.
  Context context{};         ///< Names without prefix.
  std::string unique_id{};   ///< Empty: it had none.
  std::string message_id{};  ///< _msg_id of a call; empty: nobody waits for an answer.
  json monitor_timeout{};    ///< _timeout of a call, as it came.
  bool redelivered = false;
  TimePoint expires = never;  ///< After it nobody waits for the answer, and it need not be begun.

  /// It is taken and will not be delivered again. Servers call it just before the method runs (at
  /// most once is promised, not at least), listeners for notifications when the method has run.
  virtual void acknowledge() noexcept = 0;
  /// Instead of acknowledge(): to be delivered again, here or elsewhere.
  virtual void requeue() noexcept = 0;
  /// The one answer to a call. The driver retries what it must off the caller's fiber.
  virtual void reply(Reply reply) noexcept = 0;
  /// The call is still at work; sent only to callers that asked (monitor_timeout).
  virtual void heartbeat() noexcept = 0;
};

/// Takes what a Listener delivers.
class Receiver {
 public:
  virtual ~Receiver() = default;
  /// Called on a fiber of the driver. Never suspends, never throws: queues, or starts a fiber.
  virtual void receive(std::unique_ptr<Incoming> message) noexcept = 0;
};

/// One server's ear. Made in the parent, where it may bind and must not connect; all else in a
/// worker, in this order, and again from start() after close():
///
///     start() ──► stop() ──► drain() ──► [the receiver finishes its work] ──► close()
class Listener {
 public:
  Listener() = default;
  virtual ~Listener() = default;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Begins to deliver, and returns when messages sent from now on will be: consumers exist. A
  /// driver whose peer is away retries; it throws only for what retrying does not cure.
  virtual void start(Receiver& receiver) = 0;
  /// Asks to deliver no more than what is on its way to this process. Safe at any time.
  virtual void stop() noexcept = 0;
  /// Blocks until nothing more will be delivered (Basic.CancelOk; the last client has let go).
  virtual void drain() = 0;
  /// Blocks until all replies have left (confirms), removes what belongs to this process alone
  /// (fanout queue), and lets go of the connection. Every Incoming is gone by then.
  virtual void close() = 0;
};

/// Where a notification listener listens: an exchange, a topic and a priority in lower case.
struct NotificationSource {
  Target target;
  std::string priority;
};

struct CallOptions {
  Duration timeout{};                       ///< For all of it: connecting, retries, the answer.
  std::optional<double> monitor_timeout{};  ///< call_monitor_timeout, seconds.
  std::optional<int> retry{};               ///< None or negative: for ever; 0: one try.
};

struct CastOptions {
  std::optional<int> retry{};
  bool at_least_once = false;  ///< Throw MessageUndeliverable if nobody is there.
};

/// How a notification stands on the wire: without envelope (driver `messaging`) or with one.
enum class NotificationFormat { bare, enveloped };

/// One way to carry messages. Made in the parent, shared by the servers and clients of a process,
/// connects at the first use in a worker. Its calls block the calling fiber alone; many fibers may
/// be in them at a time. Targets have their exchange filled in.
class Driver {
 public:
  Driver() = default;
  virtual ~Driver() = default;
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  /// For target.topic, target.topic + server, and fanout. Throws ServerListenError.
  [[nodiscard]] virtual std::unique_ptr<Listener> listen(const Target& target) = 0;
  /// `pool`: listeners of one pool share the messages, each pool gets all; empty: the default one.
  [[nodiscard]] virtual std::unique_ptr<Listener> listen_for_notifications(
      const std::vector<NotificationSource>& sources, const std::string& pool) = 0;

  /// Sends a call and blocks until its answer. Throws MessagingTimeout, MessageDeliveryFailure.
  [[nodiscard]] virtual Reply call(const Target& target, Outgoing message,
                                   const CallOptions& options) = 0;
  /// To one server, or with target.fanout to all. Returns when the transport has taken it.
  virtual void cast(const Target& target, Outgoing message, const CastOptions& options) = 0;
  /// target.topic is the whole one: "notifications.info".
  virtual void notify(const Target& target, Outgoing message, NotificationFormat format,
                      std::optional<int> retry) = 0;
};

/// The driver of a URL. `values`: where the options of its group are; null: their defaults. Throws
/// DriverLoadFailure.
[[nodiscard]] std::shared_ptr<Driver> make_driver(const TransportUrl& url, const Snapshot* values);

}  // namespace thane::rpc::internal
