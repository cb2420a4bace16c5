#include "local_listener.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <system_error>
#include <utility>

#include <thane/internal/worker_slot.hpp>
#include <thane/log.hpp>

#include "local_incoming.hpp"

namespace thane::rpc::internal {

using namespace std::chrono_literals;

namespace {

// How long a client may take to notice that it should send no more. It does so in a turn of its
// loop; one that was stopped, or hangs, would hold the drain up until the launcher's deadline.
constexpr Duration longest_farewell = 5s;
// Likewise to read the answers that were sent to it.
constexpr Duration longest_delivery = 10s;
constexpr std::size_t most_links = 100'000;

void count_connections(int more) noexcept {
  auto& connections = thane::internal::own_slot().connections;
  connections.store(connections.load(std::memory_order_relaxed) + static_cast<std::uint32_t>(more),
                    std::memory_order_relaxed);
}

// The processes of this service that accept, this one included.
std::int64_t count_siblings() {
  const auto& own = thane::internal::own_slot();
  return std::ranges::count_if(thane::internal::worker_slots().all, [&](const auto& slot) {
    return &slot == &own ||
           (slot.service == own.service && slot.state == thane::internal::WorkerState::running);
  });
}

}  // namespace

Door::Door(const std::string& root, const Target& target, SocketRole role, const std::string& owner)
    : directory(root, target.exchange, target.topic),
      listener(directory.bind(role, owner, name)),
      maker(::getpid()) {}

Door::~Door() {
  if (maker == ::getpid()) directory.remove(name);
}

LocalListener::LocalListener(Doors doors, std::function<std::unique_ptr<Door>()> fanout)
    : doors_(std::move(doors)),
      make_fanout_(std::move(fanout)),
      links_(std::make_shared<Gate>()),
      fibers_(most_links) {}

LocalListener::~LocalListener() = default;

void LocalListener::start(Receiver& receiver) {
  receiver_ = &receiver;
  stopping_ = false;
  no_readers_.clear();
  links_->reopen();
  for (const auto& door : doors_) open(*door);
  if (make_fanout_) {
    fanout_ = make_fanout_();
    open(*fanout_);
  }
}

void LocalListener::open(Door& door) {
  door.acceptor = std::make_unique<Acceptor>(door.listener);
  (void)fibers_.spawn([this, &door] { accept(door); }, "rpc accept");
}

void LocalListener::accept(Door& door) {
  try {
    for (;;) admit(door, door.acceptor->accept());
  } catch (const std::system_error& error) {
    if (!stopping_ && !thane::internal::launcher_ends())
      log::error("local:// accepts no more clients: {}", error.what());
  }
}

void LocalListener::admit(Door& door, Stream stream) {
  if (!door.directory.trusts(stream.fd())) {
    log::warning("local:// refuses a client of another user");
    return;
  }
  auto link = std::make_shared<Link>(std::move(stream), links_);
  // Told first: what a client sent to a connection that nobody took, it sends again.
  link->send({.kind = FrameKind::hello,
              .id = static_cast<std::uint64_t>(::getpid()),
              .expires = count_siblings()});
  readers_.insert(link.get());
  no_readers_.clear();
  (void)fibers_.spawn([this, link] { serve(*link); }, "rpc link");
  count_connections(+1);
}

void LocalListener::serve(Link& link) {
  struct Reading {
    Reading(LocalListener& its_listener, Link& its_link) : listener(its_listener), link(its_link) {}
    ~Reading() { listener.reading_ended(link); }
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;

    LocalListener& listener;
    Link& link;
  } const reading{*this, link};
  try {
    while (const auto frame = link.next()) {
      if (!deliver(link, *frame)) break;
      link.wait_for_work();
    }
  } catch (const std::exception& error) {
    log::warning("local:// drops a client: {}", error.what());
    link.close();
  }
}

void LocalListener::reading_ended(Link& link) noexcept {
  count_connections(-1);
  readers_.erase(&link);
  if (stopping_ && readers_.empty()) no_readers_.set();
}

bool LocalListener::deliver(Link& link, const Frame& frame) {
  if (frame.kind != FrameKind::call && frame.kind != FrameKind::cast) return false;
  if (frame.kind == FrameKind::cast) link.send({.kind = FrameKind::taken, .id = frame.id});
  Receiver& again = *this;
  try {
    receiver_->receive(std::make_unique<LocalIncoming>(link.shared_from_this(), frame, again));
  } catch (const std::invalid_argument& error) {
    log::warning("local:// drops a message: {}", error.what());
    link.send({.kind = FrameKind::lost, .id = frame.id});
  }
  return true;
}

void LocalListener::receive(std::unique_ptr<Incoming> message) noexcept {
  if (stopping_) {
    log::warning("local:// drops a message that is requeued while its server stops");
  } else {
    receiver_->receive(std::move(message));
  }
}

// A door that is shared stays open for the processes that go on, but for the last of them. Who came
// to it just now may have woken nobody but us.
void LocalListener::shut(Door& door) {
  if (!door.acceptor) return;
  const bool own = door.maker == ::getpid() && &door == fanout_.get();
  if (own || thane::internal::launcher_ends()) {
    door.directory.remove(door.name);
    door.acceptor->refuse_new();
    while (auto stream = door.acceptor->try_accept()) admit(door, std::move(*stream));
  } else if (auto stream = door.acceptor->try_accept()) {
    admit(door, std::move(*stream));
  }
  door.acceptor->close();
}

void LocalListener::stop() noexcept {
  if (std::exchange(stopping_, true)) return;
  try {
    for (const auto& door : doors_) shut(*door);
    if (fanout_) shut(*fanout_);
    for (Link* const link : readers_) link->send({.kind = FrameKind::drain});
  } catch (const std::exception& error) {
    log::error("local:// cannot take leave of its clients: {}", error.what());
  }
  if (readers_.empty()) no_readers_.set();
}

void LocalListener::drain() {
  if (no_readers_.wait_for(longest_farewell)) return;
  log::warning("local:// leaves {} clients that do not answer", readers_.size());
  const auto left = readers_;
  for (Link* const link : left) link->close();
  no_readers_.wait();
}

void LocalListener::close() {
  fibers_.stop();
  fibers_.wait();
  for (const auto& door : doors_) door->acceptor.reset();
  fanout_.reset();
  if (!links_->wait_for(longest_delivery)) {
    log::warning("local:// leaves {} clients that do not read their answers", links_->count());
  }
}

}  // namespace thane::rpc::internal
