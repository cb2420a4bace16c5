// The server's side of local://: sockets, the clients that come to them, and how they leave.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <thane/acceptor.hpp>
#include <thane/event.hpp>
#include <thane/gate.hpp>
#include <thane/thread_group.hpp>

#include "../transport.hpp"
#include "link.hpp"
#include "socket_directory.hpp"

namespace thane::rpc::internal {

/// One socket in one directory.
struct Door {
  Door(const std::string& root, const Target& target, SocketRole role, const std::string& owner);
  /// Removes the name, if this process has made it.
  ~Door();
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  SocketDirectory directory;
  std::string name;
  thane::Listener listener;
  pid_t maker;
  std::unique_ptr<Acceptor> acceptor;  // From start() to stop(), in a worker.
};

/// Sockets made by the constructor, in the parent, belong to all workers: the kernel gives each
/// connection to one of them, and keeps those that wait while a worker is replaced. What is for
/// every process, the fanout socket, each makes for itself.
class LocalListener final : public internal::Listener, private Receiver {
 public:
  using Doors = std::vector<std::unique_ptr<Door>>;
  /// `fanout` makes the door of one process; it may be empty.
  LocalListener(Doors doors, std::function<std::unique_ptr<Door>()> fanout);
  ~LocalListener() override;

  void start(Receiver& receiver) override;
  void stop() noexcept override;
  void drain() override;
  void close() override;

 private:
  /// A message that was requeued.
  void receive(std::unique_ptr<Incoming> message) noexcept override;
  void open(Door& door);
  void shut(Door& door);
  void accept(Door& door);
  void admit(Door& door, Stream stream);
  void serve(Link& link);
  void reading_ended(Link& link) noexcept;
  bool deliver(Link& link, const Frame& frame);

  Doors doors_;
  std::function<std::unique_ptr<Door>()> make_fanout_;
  std::unique_ptr<Door> fanout_;
  Receiver* receiver_ = nullptr;
  bool stopping_ = false;
  std::set<Link*> readers_;  // Links whose clients may send more.
  Event no_readers_;
  std::shared_ptr<Gate> links_;  // Held by links: those of clients that wait for answers as well.
  ThreadGroup fibers_;           // One for each door and each link.
};

}  // namespace thane::rpc::internal
