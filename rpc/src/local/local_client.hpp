// The client's side of local://: connections to the servers of one topic, and what waits on them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <thane/clock.hpp>
#include <thane/event.hpp>

#include "../pending_call.hpp"
#include "../transport.hpp"
#include "link.hpp"
#include "socket_directory.hpp"

namespace thane::rpc::internal {

/// One connection, and the calls that were sent there.
class Channel : public std::enable_shared_from_this<Channel> {
 public:
  explicit Channel(std::shared_ptr<Link> link) : link_(std::move(link)) {}

  /// Begins to read what the server answers.
  void start();
  /// Sends nothing more; what was sent is still answered.
  void retire();
  /// Nobody asks any more.
  void close() noexcept { link_->close(); }

  /// Sends and blocks until the answer; none: nobody has taken it, send it again.
  std::optional<Reply> ask(FrameKind kind, const json& payload, TimePoint deadline,
                           std::optional<Duration> monitor, const std::string& message_id);
  /// Sends, and blocks until the kernel has it.
  void tell(const json& payload);

  [[nodiscard]] std::size_t outstanding() const noexcept { return pending_.size(); }
  [[nodiscard]] bool usable() const noexcept { return usable_; }
  /// The process at the other end, and how many there are like it; 0 until it has said hello.
  [[nodiscard]] std::uint64_t server() const noexcept { return server_; }
  [[nodiscard]] std::size_t siblings() const noexcept { return siblings_; }
  /// Whether it has a message already, and it is too early to wonder why nobody has taken it.
  [[nodiscard]] bool just_opened() const noexcept {
    return usable_ && server_ == 0 && !late_ && !pending_.empty();
  }
  /// Nobody had taken it for as long as anybody waited.
  [[nodiscard]] bool late() const noexcept { return server_ == 0 && late_; }
  /// Blocks until somebody has taken it, but not for long.
  void wait_for_hello();
  std::uint64_t last_used = 0;  ///< For its Route.

 private:
  void read();
  void handle(const Frame& frame);
  void end();

  std::shared_ptr<Link> link_;
  std::unordered_map<std::uint64_t, PendingCall*> pending_;
  std::uint64_t next_id_ = 0;
  std::uint64_t server_ = 0;
  std::size_t siblings_ = 0;
  Event heard_;  // Set by its hello, or its end.
  bool late_ = false;
  bool usable_ = true;
};

/// The way to the sockets of one topic whose names begin alike.
class Route {
 public:
  /// Connections to one socket, at the most. There are as many as processes behind it, for the
  /// kernel gives each to one of them, and more of them would only make what is sent together less.
  static constexpr std::size_t most_channels = 64;

  Route(const std::string& root, const Target& target, std::string prefix);
  ~Route();
  Route(const Route&) = delete;
  Route& operator=(const Route&) = delete;

  /// A connection for one message: one that has nothing to do if there is any, then a new one, then
  /// the one that has least to do. None: no server is there. Blocks for a moment at most: until it
  /// is known how many processes there are to choose from.
  [[nodiscard]] std::shared_ptr<Channel> pick();
  /// The same, but waits for a server until `deadline`; then none.
  [[nodiscard]] std::shared_ptr<Channel> wait_for_one(TimePoint deadline);

  /// One connection for each socket.
  [[nodiscard]] std::vector<std::shared_ptr<Channel>> all();

  [[nodiscard]] SocketDirectory& directory() noexcept { return directory_; }

 private:
  using Channels = std::vector<std::shared_ptr<Channel>>;
  /// How many processes there are behind one socket, and how many of them have a channel.
  struct Census {
    std::size_t siblings = 1;
    std::size_t reached = 0;
    bool full = false;                 ///< There are as many channels as there may be.
    std::shared_ptr<Channel> spare{};  ///< One to a process that has another.
  };
  [[nodiscard]] static Census count(const Channels& channels);
  static void make_way(const Channels& channels);
  [[nodiscard]] std::shared_ptr<Channel> choose();
  void look(TimePoint now);
  void forget_unusable();
  [[nodiscard]] std::shared_ptr<Channel> open(const std::string& name);
  [[nodiscard]] std::shared_ptr<Channel> open_another();

  SocketDirectory directory_;
  std::string prefix_;
  std::map<std::string, Channels> channels_;  // By the name of the socket; every name there is.
  TimePoint next_look_ = TimePoint::min();
  std::uint64_t uses_ = 0;
};

}  // namespace thane::rpc::internal
