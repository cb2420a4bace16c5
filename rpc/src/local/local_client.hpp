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

  /// Sends and blocks until the answer; none: nobody has taken it, send it again.
  std::optional<Reply> ask(FrameKind kind, const json& payload, TimePoint deadline,
                           std::optional<Duration> monitor, const std::string& message_id);
  /// Sends, and blocks until the kernel has it.
  void tell(const json& payload);

  [[nodiscard]] std::size_t outstanding() const noexcept { return pending_.size(); }
  [[nodiscard]] bool usable() const noexcept { return usable_; }
  std::uint64_t last_used = 0;  ///< For its Route.

 private:
  void read();
  void handle(const Frame& frame);
  void end();

  std::shared_ptr<Link> link_;
  std::unordered_map<std::uint64_t, PendingCall*> pending_;
  std::uint64_t next_id_ = 0;
  std::uint64_t server_ = 0;  // Its process, once it has said hello.
  bool usable_ = true;
};

/// The way to the sockets of one topic whose names begin alike.
class Route {
 public:
  /// Connections to one socket, at the most: so many that each worker behind it may get some.
  static constexpr std::size_t most_channels = 8;

  Route(const std::string& root, const Target& target, std::string prefix);

  /// A connection for one message: one that has nothing to do if there is any, then a new one, then
  /// the one that has least to do. None: no server is there.
  [[nodiscard]] std::shared_ptr<Channel> pick();
  /// The same, but waits for a server until `deadline`; then none.
  [[nodiscard]] std::shared_ptr<Channel> wait_for_one(TimePoint deadline);

  /// One connection for each socket.
  [[nodiscard]] std::vector<std::shared_ptr<Channel>> all();

  [[nodiscard]] SocketDirectory& directory() noexcept { return directory_; }

 private:
  using Channels = std::vector<std::shared_ptr<Channel>>;
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
