#include <thane/thread_group.hpp>

#include <list>
#include <stdexcept>
#include <string>
#include <utility>

#include <thane/assert.hpp>
#include <thane/event.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/gate.hpp>
#include <thane/log.hpp>

#include <thane/internal/describe_exception.hpp>

namespace thane {

// Shared with the callbacks that run when a member ends, because a member that destroys its own
// group ends after it. Places are counted apart from the fibers: one that was handed to a waiting
// spawn() is taken before its fiber exists.
class ThreadGroup::State : public std::enable_shared_from_this<State> {
 public:
  using Timer = std::shared_ptr<LoopingCall>;

  explicit State(std::size_t size) : size_(size) { THANE_ASSERT(size > 0); }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t running() const noexcept { return fibers_.size(); }
  [[nodiscard]] std::size_t timers() const noexcept { return timers_.size(); }
  [[nodiscard]] std::size_t waiting() const noexcept { return queue_.size(); }

  void check_open() const {
    if (closed_) {
      throw gate_closed_error();
    }
  }
  void take_place();
  [[nodiscard]] bool try_take_place();
  Fiber start(std::function<void()> body, std::string_view name);
  void adopt(const Timer& timer);

  void stop_timers() noexcept;
  void stop() noexcept;
  void kill() noexcept;
  void wait();
  void wait_for_others() noexcept;

 private:
  struct Waiter {
    Event called;
    bool has_place = false;
  };

  void give_place_back();
  void fiber_ended(std::list<Fiber>::iterator member);
  void timer_ended(std::list<Timer>::iterator member);
  void check_drained();
  [[nodiscard]] bool idle() const noexcept { return taken_ == 0 && timers_.empty(); }
  [[nodiscard]] Fiber any_but(const Fiber& self) const noexcept;
  [[nodiscard]] bool is_member(const Fiber& fiber) const noexcept;

  std::size_t size_;
  std::size_t taken_ = 0;
  bool closed_ = false;
  std::list<Fiber> fibers_;
  std::list<Timer> timers_;
  std::list<Waiter*> queue_;      // Blocked in spawn(), oldest first.
  std::weak_ptr<Event> drained_;  // Owned by who waits for the last member to end.
};

void ThreadGroup::State::take_place() {
  if (try_take_place()) {
    return;
  }
  Waiter waiter;
  const auto in_queue = queue_.insert(queue_.end(), &waiter);
  try {
    waiter.called.wait();
  } catch (...) {
    queue_.erase(in_queue);  // It was not called: else wait() would have returned.
    throw;
  }
  if (!waiter.has_place || closed_) {
    if (waiter.has_place) {
      give_place_back();
    }
    throw gate_closed_error();
  }
}

bool ThreadGroup::State::try_take_place() {
  check_open();
  if (taken_ == size_) {  // So it is while anybody waits: a place that gets free is handed over.
    return false;
  }
  ++taken_;
  return true;
}

void ThreadGroup::State::give_place_back() {
  if (!queue_.empty()) {
    Waiter& next = *queue_.front();
    queue_.pop_front();
    next.has_place = true;
    next.called.set();
    return;
  }
  --taken_;
  check_drained();
}

Fiber ThreadGroup::State::start(std::function<void()> body, std::string_view name) {
  std::list<Fiber>::iterator member;
  try {
    member = fibers_.insert(fibers_.end(), FiberLoop::current().spawn(std::move(body), name));
  } catch (...) {
    give_place_back();
    throw;
  }
  Fiber fiber = *member;
  fiber.link([self = shared_from_this(), member](const Fiber&) { self->fiber_ended(member); });
  return fiber;
}

void ThreadGroup::State::fiber_ended(std::list<Fiber>::iterator member) {
  const Fiber fiber = std::move(*member);
  fibers_.erase(member);
  if (const std::exception_ptr error = fiber.error()) {
    const std::string number = std::to_string(fiber.id());
    log::error("fiber '{}' failed: {}", fiber.name().empty() ? number : fiber.name(),
               internal::describe(error));
  }
  give_place_back();
}

void ThreadGroup::State::adopt(const Timer& timer) {
  const auto member = timers_.insert(timers_.end(), timer);
  timer->link([self = shared_from_this(), member] { self->timer_ended(member); });
}

void ThreadGroup::State::timer_ended(std::list<Timer>::iterator member) {
  timers_.erase(member);
  check_drained();
}

void ThreadGroup::State::check_drained() {
  if (!idle()) {
    return;
  }
  if (const std::shared_ptr<Event> drained = drained_.lock()) {
    // Opened here and not when the waiting fiber runs: by then the group may be in use again, and
    // even have been stopped anew.
    closed_ = false;
    drained_.reset();
    drained->set();
  }
}

void ThreadGroup::State::stop_timers() noexcept {
  for (const Timer& timer : timers_) {
    timer->stop();
  }
}

void ThreadGroup::State::stop() noexcept {
  closed_ = true;
  stop_timers();
  while (!queue_.empty()) {
    Waiter& waiter = *queue_.front();
    queue_.pop_front();
    waiter.called.set();
  }
}

void ThreadGroup::State::kill() noexcept {
  stop();
  const Fiber self = this_fiber::current();
  for (auto next = fibers_.begin(); next != fibers_.end();) {
    const Fiber fiber = *next++;  // Steps first: a fiber that never ran may end at once.
    if (fiber != self) {
      fiber.kill();
    }
  }
  for (auto next = timers_.begin(); next != timers_.end();) {
    const Fiber fiber = (*next++)->fiber();
    if (fiber != self) {
      fiber.kill();
    }
  }
}

void ThreadGroup::State::wait() {
  const Fiber self = this_fiber::current();
  if (is_member(self)) {
    throw std::logic_error("fiber '" + self.name() + "' waits for the ThreadGroup it belongs to");
  }
  if (idle()) {
    closed_ = false;
    return;
  }
  std::shared_ptr<Event> drained = drained_.lock();
  if (!drained) {
    drained = std::make_shared<Event>();
    drained_ = drained;
  }
  drained->wait();
}

void ThreadGroup::State::wait_for_others() noexcept {
  const Fiber self = this_fiber::current();
  const this_fiber::Mask mask;
  while (const Fiber other = any_but(self)) {
    try {
      other.wait();
    } catch (...) {
      // Logged when it ended.
    }
  }
}

Fiber ThreadGroup::State::any_but(const Fiber& self) const noexcept {
  for (const Fiber& fiber : fibers_) {
    if (fiber != self) {
      return fiber;
    }
  }
  for (const Timer& timer : timers_) {
    if (timer->fiber() != self) {
      return timer->fiber();
    }
  }
  return {};
}

bool ThreadGroup::State::is_member(const Fiber& fiber) const noexcept {
  for (const Fiber& member : fibers_) {
    if (member == fiber) {
      return true;
    }
  }
  for (const Timer& timer : timers_) {
    if (timer->fiber() == fiber) {
      return true;
    }
  }
  return false;
}

ThreadGroup::ThreadGroup(std::size_t size) : state_(std::make_shared<State>(size)) {}

ThreadGroup::~ThreadGroup() {
  state_->kill();
  if (this_fiber::current()) {
    state_->wait_for_others();
  }
}

Fiber ThreadGroup::spawn(std::function<void()> body, std::string_view name) {
  const std::shared_ptr<State> state = state_;  // The group may be destroyed while this waits.
  state->take_place();
  return state->start(std::move(body), name);
}

Fiber ThreadGroup::try_spawn(std::function<void()> body, std::string_view name) {
  return state_->try_take_place() ? state_->start(std::move(body), name) : Fiber{};
}

std::shared_ptr<FixedIntervalLoopingCall> ThreadGroup::add_timer(Duration interval,
                                                                 std::function<void()> body,
                                                                 Duration initial_delay) {
  return add_timer(interval, std::move(body),
                   FixedIntervalLoopingCall::Options{.initial_delay = initial_delay});
}

std::shared_ptr<FixedIntervalLoopingCall> ThreadGroup::add_timer(
    Duration interval, std::function<void()> body, const FixedIntervalLoopingCall::Options& options,
    std::string_view name) {
  state_->check_open();
  auto timer = std::make_shared<FixedIntervalLoopingCall>(std::move(body), std::string{name});
  timer->start(interval, options);
  state_->adopt(timer);
  return timer;
}

std::shared_ptr<DynamicLoopingCall> ThreadGroup::add_dynamic_timer(
    DynamicLoopingCall::Function body, const DynamicLoopingCall::Options& options,
    std::string_view name) {
  state_->check_open();
  auto timer = std::make_shared<DynamicLoopingCall>(std::move(body), std::string{name});
  timer->start(options);
  state_->adopt(timer);
  return timer;
}

void ThreadGroup::stop() noexcept {
  state_->stop();
}
void ThreadGroup::stop_timers() noexcept {
  state_->stop_timers();
}
void ThreadGroup::kill() noexcept {
  state_->kill();
}
void ThreadGroup::wait() {
  state_->wait();
}

std::size_t ThreadGroup::size() const noexcept {
  return state_->size();
}
std::size_t ThreadGroup::running() const noexcept {
  return state_->running();
}
std::size_t ThreadGroup::timers() const noexcept {
  return state_->timers();
}
std::size_t ThreadGroup::waiting() const noexcept {
  return state_->waiting();
}

}  // namespace thane
