#include "worker_side.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <system_error>
#include <utility>

#include <thane/internal/worker_slot.hpp>
#include <thane/log.hpp>

#include "connection.hpp"
#include "socket_transport.hpp"
#include "tls_transport.hpp"

namespace thane::wsgi::internal {

using namespace std::chrono_literals;
using thane::internal::launcher_ends;
using thane::internal::own_slot;
using thane::internal::worker_slots;
using thane::internal::WorkerSlot;
using thane::internal::WorkerState;

namespace {

// A connection may be ended this much later than its deadline.
constexpr Duration slowest_look = 1s;
constexpr Duration quickest_look = 50ms;

// Who has waited for so long gives back memory, so many at a time: it costs about a microsecond.
constexpr Duration long_wait = 500ms;
constexpr std::size_t settled_at_once = 256;

// In times of close_linger: who sends on need not have looked for the answer yet.
constexpr int lingers_of_who_sends = 30;

// How much later than a worker its parent may hear a signal that was sent to both.
constexpr Duration parent_is_as_late = 50ms;
// What a handshake takes that has begun before a stop. Nobody waits for far clients of an idle
// server; where there are connections the stop takes time in any case.
constexpr Duration handshake_when_idle = 5ms;
constexpr Duration slowest_handshake = 250ms;

// What bounds the group of connections is wsgi_default_pool_size, which may change.
constexpr std::size_t unbounded = 1'000'000;

std::size_t size_from(std::int64_t octets) {
  return static_cast<std::size_t>(octets);
}

bool is_running(const WorkerSlot& slot) {
  return slot.state == WorkerState::running;
}

bool has_connections(const WorkerSlot& slot) {
  return slot.state != WorkerState::none && slot.connections > 0;
}

// Whether it is true of another process of the same service.
template <class Predicate>
bool any_sibling(const Predicate& predicate) {
  const WorkerSlot& own = own_slot();
  return std::ranges::any_of(worker_slots().all, [&](const WorkerSlot& slot) {
    return &slot != &own && slot.service == own.service && predicate(slot);
  });
}

// A process may have several servers; only its own thread writes.
void count_connections(int more) noexcept {
  auto& connections = own_slot().connections;
  connections.store(connections.load(std::memory_order_relaxed) + static_cast<std::uint32_t>(more),
                    std::memory_order_relaxed);
}

}  // namespace

WorkerSide::WorkerSide(std::string name, const Listener& listener, Application application,
                       const ServerOptions& options)
    : name_(std::move(name)), acceptor_(listener), connections_(unbounded), helpers_(8) {
  site_.application = std::move(application);
  if (listener.port() != 0) {
    std::string_view host = listener.address();
    host = host.substr(0, host.rfind(':'));
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    site_.server_name = host;
    site_.server_port = std::to_string(listener.port());
  }
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
  site_.longest_linger = lingers_of_who_sends * options.close_linger;
  const bool secure = site_.limits.secure;
  site_.limits = {.line = size_from(options.max_header_line),
                  .target = size_from(options.max_url_len),
                  .head = size_from(options.max_header_size),
                  .fields = size_from(options.max_headers),
                  .secure = secure};
  pace_.set(options.client_socket_timeout, size_from(options.min_client_rate));
  set_time_limits();
}

// While it drains, nothing but what has begun may take longer than the linger.
void WorkerSide::set_time_limits() {
  const auto limit = [this](Duration usual) {
    if (!site_.draining) return usual;
    return usual == Duration::zero() ? linger() : std::min(usual, linger());
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
  if (std::exchange(stopping_, true)) return;
  site_.ending = launcher_ends();
  const bool later = site_.ending ? options_.drain_delay > Duration::zero() : may_be_the_end();
  if (!later) begin_to_drain();
  log::info("{} stops serving, {} connections open", name_, open_);
  try {
    (void)helpers_.spawn([this] { drain(); }, name_ + " drain");
  } catch (const std::exception& error) {
    log::error("{} cannot drain: {}", name_, error.what());
    begin_to_drain();
    accepting_.kill();
  }
}

void WorkerSide::wait() {
  helpers_.wait();
  connections_.wait();
  ended_ = true;
}

// A full worker leaves connections in the queue for a moment, where another one may take them. Then
// those of its own connections make way that wait for a next request.
void WorkerSide::accept() try {
  for (;;) {
    if (!is_full()) {
      open(acceptor_.accept());
      // Accepting need not suspend while connections keep coming; those that came shall be served.
      this_fiber::yield();
      continue;
    }
    wait_while_full();
    while (is_full() && deadlines_.any(Waiting::idle)) {
      auto waiting = acceptor_.try_accept();
      if (!waiting) break;
      open(std::move(*waiting));
    }
  }
} catch (const std::system_error&) {
  if (!launcher_ends()) throw;  // Else a sibling has ended the listening before we were told to.
}

// No connection that the kernel has accepted for us is lost, and no idle one is kept for ever.
void WorkerSide::drain() {
  if (!site_.draining) go_on_for_a_while();
  accepting_.kill();
  try {
    accepting_.wait();
  } catch (const std::exception&) {
    // Logged when it happened. What waits in the queue may be accepted all the same.
  }
  if (site_.ending) {
    take_the_rest();
  } else if (!any_sibling(is_running)) {
    accept_queue();
  } else if (auto waiting = acceptor_.try_accept()) {
    open(std::move(*waiting));  // It may have woken nobody but us, a moment ago.
  }
  acceptor_.close();
  if (open_ == 0) drained_.set();
  while (!drained_.wait_for(quickest_look)) end_late_connections();
}

// This worker alone was told to stop, as far as it knows. But a TERM that was sent to all processes
// at once may be heard here before the parent has heard it and says that it is the end.
bool WorkerSide::may_be_the_end() const noexcept {
  return own_slot().state == WorkerState::draining &&
         (options_.drain_delay > Duration::zero() || !any_sibling(is_running));
}

void WorkerSide::go_on_for_a_while() {
  for (Duration waited{}; !launcher_ends() && waited < parent_is_as_late; waited += 2ms) {
    this_fiber::sleep_for(2ms);
  }
  site_.ending = launcher_ends();
  if (site_.ending) this_fiber::sleep_for(options_.drain_delay);
  begin_to_drain();
}

void WorkerSide::begin_to_drain() {
  site_.draining = true;
  stopped_at_ = SteadyClock::now();
  set_time_limits();
}

// Nobody serves after us. Who connects until the socket is closed, by the parent in the end, would
// be reset then: so nobody can any more, and who is connecting just now is waited for.
void WorkerSide::take_the_rest() {
  const bool refused = acceptor_.refuse_new();
  const TimePoint begin = SteadyClock::now();
  while (acceptor_.nothing() != Acceptor::Nothing::will_come) {  // Else a sibling was quicker.
    accept_queue();
    end_late_connections();
    const bool idle = open_ == 0 && !any_sibling(has_connections);
    const Duration limit = idle ? handshake_when_idle : slowest_handshake;
    if (!refused || SteadyClock::now() - begin >= limit) break;
    this_fiber::sleep_for(1ms);
  }
  acceptor_.end_listening();
}

// Not more than the queue can hold: where clients keep coming it never gets empty.
void WorkerSide::accept_queue() {
  for (int left = options_.backlog + 1; left > 0; --left) {
    while (is_full() && !deadlines_.any(Waiting::idle)) {
      wait_while_full();
      end_late_connections();
    }
    auto waiting = acceptor_.try_accept();
    if (waiting) {
      open(std::move(*waiting));
    } else if (acceptor_.nothing() == Acceptor::Nothing::can_be_accepted) {
      this_fiber::sleep_for(quickest_look);  // Until a descriptor is free.
      end_late_connections();
    } else {
      return;
    }
  }
}

// Who is replaced has time: clients whose idle connection is closed may be sending just then. A
// stop has less, and a restart in place none, as nobody accepts meanwhile.
Duration WorkerSide::linger() const noexcept {
  const bool replaced = own_slot().state == WorkerState::draining && !launcher_ends();
  return std::max<Duration>(replaced ? options_.reload_linger : options_.graceful_linger, 1ms);
}

// Those that began to wait before the stop have limits of other times, and so have those that came
// while a worker that is replaced drained, and then all stopped.
void WorkerSide::end_late_connections() {
  const TimePoint now = SteadyClock::now();
  const TimePoint too_early = now - linger();
  if (too_early >= stopped_at_) {
    for (const auto kind : {Waiting::first, Waiting::idle, Waiting::head, Waiting::discard}) {
      deadlines_.expire_all(kind, too_early);
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

void WorkerSide::open(Stream stream) {
  // Counted for as long as this exists, whatever becomes of the fiber that it is handed to.
  struct Opened {
    Opened(WorkerSide& its_worker, Stream its_stream)
        : worker(its_worker), stream(std::move(its_stream)) {
      worker.connection_began();
    }
    ~Opened() { worker.connection_ended(); }
    Opened(const Opened&) = delete;
    Opened& operator=(const Opened&) = delete;

    WorkerSide& worker;
    Stream stream;
  };

  if (is_full()) deadlines_.expire_longest(Waiting::idle);
  try {
    auto opened = std::make_shared<Opened>(*this, std::move(stream));
    if (!watching_) {
      (void)helpers_.spawn([this] { watch_deadlines(); }, name_ + " deadlines");
      watching_ = true;
    }
    connections_.spawn([this, opened] { serve(std::move(opened->stream)); }, "connection");
  } catch (const std::exception& error) {
    // No memory for one more fiber: that connection is lost, the others and the server are not.
    log::error("{} drops a connection: {}", name_, error.what());
  }
}

void WorkerSide::serve(Stream stream) {
  const std::string peer = stream.peer_ip();
  SocketTransport transport{stream.release(), deadlines_, pace_};
  const auto tls = site_.tls;  // Lives as long as the connection, whatever is loaded meanwhile.
  if (!tls) {
    Connection{site_, transport, peer}.run();
    return;
  }
  TlsTransport secured{transport, *tls};
  if (secured.handshake()) {
    const auto client = secured.client_certificate();
    Connection{site_, secured, peer, client ? &*client : nullptr}.run();
  } else {
    log::debug("no TLS connection with {}: {}", peer, secured.why());
  }
}

void WorkerSide::use(std::shared_ptr<const TlsContext> tls) noexcept {
  site_.limits.secure = tls != nullptr;
  site_.tls = std::move(tls);
}

void WorkerSide::connection_began() noexcept {
  ++open_;
  count_connections(+1);
  drained_.clear();
}

void WorkerSide::connection_ended() noexcept {
  --open_;
  count_connections(-1);
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
    if (drained_.wait_for(next - now)) continue;
    deadlines_.expire(SteadyClock::now());
    while (!deadlines_.settle(SteadyClock::now() - long_wait, settled_at_once)) {
      this_fiber::yield();
    }
  }
  watching_ = false;
}

}  // namespace thane::wsgi::internal
