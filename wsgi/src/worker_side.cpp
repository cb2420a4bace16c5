#include "worker_side.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <utility>

#include <thane/log.hpp>

#include "connection.hpp"
#include "socket_transport.hpp"

namespace thane::wsgi::internal {

using namespace std::chrono_literals;

namespace {

// A connection may be ended this much later than its deadline.
constexpr Duration slowest_look = 1s;
constexpr Duration quickest_look = 50ms;

// What bounds the group of connections is wsgi_default_pool_size, which may change.
constexpr std::size_t unbounded = 1'000'000;

std::size_t size_from(std::int64_t octets) {
  return static_cast<std::size_t>(octets);
}

}  // namespace

WorkerSide::WorkerSide(std::string name, const Listener& listener, Application application,
                       const ServerOptions& options)
    : name_(std::move(name)), acceptor_(listener), connections_(unbounded), helpers_(8) {
  site_.application = std::move(application);
  apply(options);
}

void WorkerSide::apply(const ServerOptions& options) {
  options_ = options;
  room_.set();
  access_log_.emplace(options.wsgi_log_format);
  site_.access_log = options.wsgi_access_log ? &*access_log_ : nullptr;
  site_.keep_alive = options.wsgi_keep_alive;
  site_.errors = options.wsgi_server_debug ? ErrorBody::text : ErrorBody::empty;
  site_.max_discard = size_from(options.max_unread_body);
  site_.limits = {.line = size_from(options.max_header_line),
                  .target = size_from(options.max_url_len),
                  .head = size_from(options.max_header_size),
                  .fields = size_from(options.max_headers)};
  pace_.set(options.client_socket_timeout, size_from(options.min_client_rate));
  set_time_limits();
}

// While it drains, nothing but what has begun may take longer than the linger.
void WorkerSide::set_time_limits() {
  const auto limit = [this](Duration usual) {
    if (!site_.draining) return usual;
    const auto linger = std::max<Duration>(options_.graceful_linger, 1ms);
    return usual == Duration::zero() ? linger : std::min(usual, linger);
  };
  deadlines_.set_limit(Waiting::first, limit(options_.client_header_timeout));
  deadlines_.set_limit(Waiting::head, limit(options_.client_header_timeout));
  deadlines_.set_limit(Waiting::discard, limit(options_.client_header_timeout));
  deadlines_.set_limit(Waiting::idle, limit(options_.keep_alive_timeout));
  deadlines_.set_limit(Waiting::body, options_.client_socket_timeout);
  deadlines_.set_limit(Waiting::write, options_.client_socket_timeout);
  deadlines_.set_limit(Waiting::close, std::max<Duration>(options_.close_linger, 1ms));
}

void WorkerSide::start() {
  accepting_ = helpers_.spawn([this] { accept(); }, name_ + " accept");
}

void WorkerSide::stop() noexcept {
  if (std::exchange(site_.draining, true)) return;
  stopped_at_ = SteadyClock::now();
  set_time_limits();
  log::info("{} stops serving, {} connections open", name_, open_);
  try {
    // The new fiber comes first, so that helpers_ is not found empty in between.
    (void)helpers_.spawn([this] { drain(); }, name_ + " drain");
  } catch (const std::exception& error) {
    log::error("{} cannot drain: {}", name_, error.what());
  }
  accepting_.kill();
}

void WorkerSide::wait() {
  helpers_.wait();
  connections_.wait();
  ended_ = true;
}

// A full worker leaves connections in the queue for a moment, where another one may take them. Then
// those of its own connections make way that wait for a next request.
void WorkerSide::accept() {
  for (;;) {
    if (!is_full()) {
      open(acceptor_.accept().release());
      // Accepting need not suspend while connections keep coming; those that came shall be served.
      this_fiber::yield();
      continue;
    }
    wait_while_full();
    while (is_full() && deadlines_.any(Waiting::idle)) {
      auto waiting = acceptor_.try_accept();
      if (!waiting) break;
      open(waiting->release());
    }
  }
}

// No connection that the kernel has accepted for us is lost, and no idle one is kept for ever.
void WorkerSide::drain() {
  try {
    accepting_.wait();
  } catch (const std::exception&) {
    // Logged when it happened. What waits in the queue may be accepted all the same.
  }
  accept_queue();
  acceptor_.close();
  if (open_ == 0) drained_.set();
  while (!drained_.wait_for(quickest_look)) end_late_connections();
}

// Not more than the queue can hold: where clients keep coming it never gets empty.
void WorkerSide::accept_queue() {
  int left = options_.backlog + 1;
  while (left > 0) {
    if (is_full() && !deadlines_.any(Waiting::idle)) {
      wait_while_full();
      end_late_connections();
      continue;
    }
    auto waiting = acceptor_.try_accept();
    if (!waiting) return;
    open(waiting->release());
    --left;
  }
}

// Those that began to wait before the stop have limits of other times.
void WorkerSide::end_late_connections() {
  const TimePoint now = SteadyClock::now();
  if (now - stopped_at_ >= options_.graceful_linger) {
    for (const auto kind : {Waiting::first, Waiting::idle, Waiting::head, Waiting::discard}) {
      deadlines_.expire_all(kind, stopped_at_);
    }
  }
  deadlines_.expire(now);
}

bool WorkerSide::is_full() const {
  return open_ >= size_from(options_.wsgi_default_pool_size);
}

void WorkerSide::wait_while_full() {
  room_.clear();
  (void)room_.wait_for(quickest_look);
}

void WorkerSide::open(UniqueFd socket) {
  if (is_full()) deadlines_.expire_longest(Waiting::idle);
  ++open_;
  drained_.clear();
  try {
    if (!watching_) {
      (void)helpers_.spawn([this] { watch_deadlines(); }, name_ + " deadlines");
      watching_ = true;
    }
    auto shared = std::make_shared<UniqueFd>(std::move(socket));  // std::function wants copies.
    connections_.spawn([this, shared] { serve(std::move(*shared)); }, "connection");
  } catch (const std::exception& error) {
    // No memory for one more fiber: that connection is lost, the others and the server are not.
    log::error("{} drops a connection: {}", name_, error.what());
    connection_ended();
  }
}

void WorkerSide::serve(UniqueFd socket) {
  struct Ended {
    WorkerSide& worker;
    ~Ended() { worker.connection_ended(); }
  } ended{*this};
  SocketTransport transport{std::move(socket), deadlines_, pace_};
  Connection connection{site_, transport, transport.peer()};
  connection.run();
}

void WorkerSide::connection_ended() noexcept {
  --open_;
  room_.set();
  if (open_ == 0 && site_.draining) drained_.set();
}

// Sleeps until the next deadline, but between 50 ms and 1 s: what is armed meanwhile may be due
// earlier than what it sleeps for, and is then late by a second at the most.
void WorkerSide::watch_deadlines() {
  while (open_ > 0) {
    const TimePoint now = SteadyClock::now();
    const TimePoint next =
        std::clamp(deadlines_.earliest(), now + quickest_look, now + slowest_look);
    if (!drained_.wait_for(next - now)) deadlines_.expire(SteadyClock::now());
  }
  watching_ = false;
}

}  // namespace thane::wsgi::internal
