// A supervised connection to the broker: made when it is needed, replaced when it is lost.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <thane/clock.hpp>
#include <thane/event.hpp>
#include <thane/thread_group.hpp>

#include "amqp/connection.hpp"
#include "broker.hpp"
#include "broker_stream.hpp"
#include "reconnect_schedule.hpp"

namespace thane::rpc::internal::rabbit {

/// Why there is no connection, and whether waiting may help.
struct Outage {
  std::string address{};  ///< "127.0.0.1:5672".
  std::string text{};     ///< "connection refused".
  bool refused = false;   ///< The broker is there and does not let us in (403, 530).
  bool internal = false;  ///< It has trouble of its own (541).
};

/// Somebody with a channel of his own. All calls come from the link's fibers and must not suspend.
class ChannelUser {
 public:
  virtual ~ChannelUser() = default;

  /// There is a channel: what is needed on it is to be asked for now, again at each time.
  virtual void opened(amqp::Connection& connection, amqp::ChannelId channel) = 0;
  /// Anything but Opened, Closed, and ChannelClosed of this channel. Blocked and Unblocked come to
  /// all.
  virtual void happened(amqp::Event& event) = 0;
  /// The broker has closed the channel, which is gone. Returns after what time to open another.
  virtual Duration channel_closed(const amqp::ChannelClosed& event) = 0;
  /// The connection is gone, or could not be made; opened() will be called again.
  virtual void lost(const Outage& outage) = 0;
  /// It has left the link: no channel is its own any more.
  virtual void left() {}
  /// The output is about to be taken: the last moment to add to it.
  virtual void sending() {}
  /// The output has become shorter.
  virtual void sent() {}
  /// Time has passed; returns when to call again.
  virtual TimePoint tick(TimePoint) { return never; }

 protected:
  ChannelUser() = default;
  ChannelUser(const ChannelUser&) = default;
  ChannelUser& operator=(const ChannelUser&) = default;
};

/// One connection, shared by its users. One fiber connects and reads, one writes, one looks at the
/// time: they do what amqp::Connection says. May be made in the parent; runs from the first join()
/// to the last leave().
class Link {
 public:
  /// `role` is for logs and for the broker's tools: "listen", "send". `broker` outlives it.
  Link(const Broker& broker, std::string role);
  /// Ends at once what still runs.
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  /// `user` outlives its membership.
  void join(ChannelUser& user);
  /// Closes its channel; the last one closes the connection, and waits for that on a fiber.
  void leave(ChannelUser& user);

  /// To be called when a user has put something into the connection's output, outside of its
  /// ChannelUser calls.
  void flush() noexcept { dirty_.set(); }
  /// To be called when tick() should be called earlier than it asked for.
  void hurry() noexcept { hurry_.set(); }

  /// Null while there is none.
  [[nodiscard]] amqp::Connection* connection() noexcept;
  /// Why there is none; an empty text before the first attempt has ended, and while there is one.
  [[nodiscard]] const Outage& outage() const noexcept { return outage_; }
  [[nodiscard]] const Broker& broker() const noexcept { return broker_; }

 private:
  struct Member {
    ChannelUser* user;
    amqp::ChannelId channel = 0;  // 0: none now.
    TimePoint reopen_at = never;
  };
  struct Session;

  void run();
  void serve(Session& session);
  void read(Session& session);
  void write(Session& session);
  void keep_time(Session& session);
  void dispatch();
  void hand_out(amqp::Event& event);
  void closed(const amqp::Closed& event);
  void open_channels();
  void open_channel(Member& member);
  void report(const Outage& outage);
  // A user may leave in its call, or bring another.
  template <class Call>
  void for_each_user(Call call) {
    for (std::size_t i = 0; i < members_.size();) {
      const ChannelUser* const user = members_[i].user;
      call(members_[i]);
      if (i < members_.size() && members_[i].user == user) ++i;
    }
  }
  Member* member_of(amqp::ChannelId channel) noexcept;
  TimePoint tick_users(TimePoint at);

  const Broker& broker_;
  std::string role_;
  std::optional<ReconnectSchedule> schedule_;  // Made in the worker: each has its own.
  std::vector<Member> members_;
  Session* session_ = nullptr;
  Outage outage_;
  bool stopping_ = false;
  Event dirty_;
  Event hurry_;
  Event stop_;
  ThreadGroup fibers_;
};

}  // namespace thane::rpc::internal::rabbit
