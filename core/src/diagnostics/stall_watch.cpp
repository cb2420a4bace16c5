#include <thane/internal/stall_watch.hpp>

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <thane/check.hpp>
#include <thane/internal/emergency_line.hpp>

#include "crash_report.hpp"
#include "fiber/fiber_context.hpp"
#include "fiber/loop_impl.hpp"
#include "fiber/loop_observer.hpp"
#include "format_into.hpp"
#include "stall_meter.hpp"
#include "symbolizer.hpp"
#include "thread_usage.hpp"

// A timer on the CPU clock of the loop's thread looks, eight times in a limit, whether the fiber
// that runs is still the one of the last look. The kernel sees that clock's timers at its own ticks
// only, which may pass a thread by for long if it shares a processor. So once a fiber has computed
// for a quarter of the limit another timer looks, of exact time. Not before: its signal would
// interrupt system calls of a fiber that waits, and poll() and sleep() do not go on after that.
//
// What has taken time but was not seen to compute is told by the loop itself when it has control
// again; the kernel's accounts then tell whether it waited, or was kept waiting.

namespace thane::internal {

namespace {

using log::Level;
using log::internal::emergency_line;
using std::chrono::milliseconds;

// SIGRTMAX - 1, which is no constant. SIGRTMAX is valgrind's; the next is the launcher's timer's.
constexpr int stall_signal = 63;
constexpr int looks_in_limit = 8;
constexpr int samples_in_limit = 8;
constexpr int quarter = 4;
constexpr std::int64_t shortest_period = 1'000'000;

std::int64_t coarse_now() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
  return time.tv_sec * std::int64_t{1'000'000'000} + time.tv_nsec;
}

std::int64_t coarse_resolution() noexcept {
  timespec time{};
  ::clock_getres(CLOCK_MONOTONIC_COARSE, &time);
  return time.tv_nsec;
}

void set_timer(timer_t timer, std::int64_t first, std::int64_t period) noexcept {
  const auto in_parts = [](std::int64_t time) {
    return timespec{.tv_sec = time / 1'000'000'000, .tv_nsec = time % 1'000'000'000};
  };
  const itimerspec spec{.it_interval = in_parts(period), .it_value = in_parts(first)};
  ::timer_settime(timer, 0, &spec, nullptr);
}

std::int64_t in_ms(Nanoseconds time) noexcept {
  return std::chrono::duration_cast<milliseconds>(time).count();
}

sigset_t stall_set() noexcept {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, stall_signal);
  return set;
}

std::atomic<std::int64_t> continued{0};  // When the process was last told to go on after a stop.
static_assert(std::atomic<std::int64_t>::is_always_lock_free);

void on_continue(int) {
  const int errno_before = errno;
  continued = coarse_now();
  errno = errno_before;
}

std::string_view describe_missed(unsigned missed, std::span<char> out) noexcept {
  return missed == 0 ? std::string_view{}
                     : format_into(out, " ({} others were not logged)", missed);
}

}  // namespace

class StallWatch::State final : public LoopObserver {
 public:
  State();
  ~State() override;

  void set_limit(Nanoseconds limit) noexcept;
  void fibers_begin(std::int64_t now) noexcept override;
  void fibers_end() noexcept override;

 private:
  static void on_timer(int number, siginfo_t* info, void* interrupted);
  void look(ucontext_t* interrupted) noexcept;
  void report_begun(const StallMeter::Verdict& verdict, ucontext_t& interrupted) noexcept;
  void report_over(Nanoseconds ran) noexcept;
  void stood_still(std::int64_t now) noexcept;
  [[nodiscard]] std::optional<Nanoseconds> cpu_at_begin() const noexcept;

  static inline std::atomic<State*> current_{nullptr};

  FiberLoop::Impl& loop_ = FiberLoop::current().impl();
  timer_t cpu_timer_{};
  timer_t exact_timer_{};
  struct sigaction timer_before_ {};
  std::optional<struct sigaction> continue_before_;

  // The handler's; from outside with its signal held back.
  StallMeter meter_;
  Nanoseconds cpu_at_last_look_{};
  std::atomic<bool> reported_{false};  // A stall, that is not over yet.
  std::int64_t reported_begun_ = 0;    // When what was reported had begun to run.
  std::array<char, 200> stalled_{};    // Which fiber, in words.
  std::size_t stalled_size_ = 0;

  // The loop's; read by the handler.
  std::int64_t limit_ = 0;  // Zero: off.
  std::int64_t begun_ = 0;
  std::uint64_t begun_switches_ = 0;
  std::int64_t sampled_ = 0;  // When sample_ was taken.
  std::optional<ThreadUsage> sample_;
  ThreadUsageReader usage_;
  ReportLimit standstills_;
};

StallWatch::State::State() {
  Symbolizer::prepare();
  struct sigaction action {};
  action.sa_sigaction = &State::on_timer;
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  ::sigfillset(&action.sa_mask);
  for (const int fault : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) {
    ::sigdelset(&action.sa_mask, fault);
  }
  check(::sigaction(stall_signal, &action, &timer_before_), "sigaction");

  struct sigaction go_on {};
  check(::sigaction(SIGCONT, nullptr, &go_on), "sigaction");
  if (go_on.sa_handler == SIG_DFL) {
    continue_before_ = go_on;
    go_on.sa_handler = on_continue;
    go_on.sa_flags = SA_RESTART | SA_ONSTACK;
    check(::sigaction(SIGCONT, &go_on, nullptr), "sigaction");
  }

  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = stall_signal;
  event._sigev_un._tid = ::gettid();  // glibc has no other name for it yet.
  check(::timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &cpu_timer_), "timer_create");
  check(::timer_create(CLOCK_MONOTONIC, &event, &exact_timer_), "timer_create");
  current_ = this;
  const sigset_t set = stall_set();
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  loop_.set_observer(this);
}

StallWatch::State::~State() {
  loop_.set_observer(nullptr);
  const sigset_t set = stall_set();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::timer_delete(cpu_timer_);
  ::timer_delete(exact_timer_);
  const timespec at_once{};
  while (::sigtimedwait(&set, nullptr, &at_once) > 0 || errno == EINTR) {
  }
  current_ = nullptr;
  ::sigaction(stall_signal, &timer_before_, nullptr);
  struct sigaction now {};
  ::sigaction(SIGCONT, nullptr, &now);
  if (continue_before_ && now.sa_handler == on_continue) {
    ::sigaction(SIGCONT, &*continue_before_, nullptr);
  }
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void StallWatch::State::set_limit(Nanoseconds limit) noexcept {
  const sigset_t set = stall_set();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  limit_ = std::max(limit, Nanoseconds{}).count();
  meter_.set_limit(limit_ == 0 ? Nanoseconds::max() : limit);
  const auto period = limit_ == 0 ? 0 : std::max(limit_ / looks_in_limit, shortest_period);
  set_timer(cpu_timer_, period, period);
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

// --- What computes.

void StallWatch::State::on_timer(int, siginfo_t*, void* interrupted) {
  const int errno_before = errno;
  if (State* const self = current_) {
    self->look(static_cast<ucontext_t*>(interrupted));
  }
  errno = errno_before;
}

// From a timer, or from the loop when it has control again.
void StallWatch::State::look(ucontext_t* interrupted) noexcept {
  const bool in_fiber = FiberContext::running() != nullptr;
  const Nanoseconds cpu = thread_cpu_time();
  const StallMeter::Verdict verdict = meter_.look({.switches = loop_.switches(),
                                                   .in_fiber = in_fiber,
                                                   .cpu = cpu,
                                                   .now = Nanoseconds{coarse_now()},
                                                   .began = cpu_at_begin()});
  if (verdict.event == StallMeter::Event::begun && interrupted != nullptr) {
    report_begun(verdict, *interrupted);
  } else if (verdict.event == StallMeter::Event::over) {
    report_over(verdict.ran);
  }
  reported_.store(meter_.reported(), std::memory_order_relaxed);

  const bool computing = cpu - cpu_at_last_look_ >= milliseconds{1};
  cpu_at_last_look_ = cpu;
  if (in_fiber && !meter_.reported() && computing && meter_.ran().count() >= limit_ / quarter) {
    set_timer(exact_timer_, std::max(limit_ - meter_.ran().count(), limit_ / looks_in_limit), 0);
  }
}

// For a fiber that runs since the loop last had control: what its thread had used by then, at most.
std::optional<Nanoseconds> StallWatch::State::cpu_at_begin() const noexcept {
  if (!sample_ || loop_.switches() != begun_switches_) {
    return std::nullopt;
  }
  return sample_->cpu + Nanoseconds{begun_ - sampled_ + coarse_resolution()};
}

void StallWatch::State::report_begun(const StallMeter::Verdict& verdict,
                                     ucontext_t& interrupted) noexcept {
  const FiberContext& fiber = *FiberContext::running();
  reported_begun_ = begun_;
  stalled_size_ =
      format_into(stalled_, "stall: fiber {} (id {})", fiber.shown_name(), fiber.id).size();
  std::array<char, 300> line;
  std::array<char, 60> missed;
  emergency_line(Level::warning,
                 format_into(line, "{} has run for {} ms without giving way{}",
                             std::string_view{stalled_.data(), stalled_size_}, in_ms(verdict.ran),
                             describe_missed(verdict.missed, missed)));
  Backtrace backtrace;
  backtrace.capture_interrupted(interrupted);
  Symbolizer symbolizer;
  log_stack(Level::warning, backtrace, symbolizer);
}

void StallWatch::State::report_over(Nanoseconds ran) noexcept {
  std::array<char, 300> line;
  emergency_line(Level::warning,
                 format_into(line, "{} gave way after {} ms",
                             std::string_view{stalled_.data(), stalled_size_}, in_ms(ran)));
}

// --- What the loop sees itself.

void StallWatch::State::fibers_begin(std::int64_t now) noexcept {
  begun_ = now;
  if (limit_ != 0 && now - sampled_ >= limit_ / samples_in_limit) {
    sampled_ = now;
    sample_ = usage_.read();
  }
  // Last: until it is that of the loop the handler uses nothing of the above.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  begun_switches_ = loop_.switches();
}

void StallWatch::State::fibers_end() noexcept {
  if (reported_.load(std::memory_order_relaxed)) [[unlikely]] {
    const sigset_t set = stall_set();
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    look(nullptr);
    ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  }
  if (const std::int64_t now = coarse_now(); limit_ != 0 && now - begun_ >= limit_) [[unlikely]] {
    stood_still(now);
  }
}

void StallWatch::State::stood_still(std::int64_t now) noexcept {
  const auto usage = usage_.read();
  if (!sample_ || !usage) {
    return;
  }
  const Nanoseconds limit{limit_};
  const Nanoseconds passed{now - begun_};
  const std::uint64_t fibers = loop_.switches() - begun_switches_ + 1;
  const auto cpu_before = cpu_at_begin();
  const bool computed =
      cpu_before && usage->cpu - *cpu_before >= limit && reported_begun_ != begun_;
  const bool has_waited = waited(passed, *sample_, *usage) >= limit && continued < begun_;
  if (!computed && !has_waited) {
    return;
  }
  if (!standstills_.allow(Nanoseconds{now})) {
    standstills_.count_missed();
    return;
  }
  std::array<char, 300> line;
  std::array<char, 60> missed;
  std::array<char, 100> place;
  emergency_line(
      Level::warning,
      format_into(line, "stall: the loop stood still for {} ms {}{}", in_ms(passed),
                  fibers == 1 ? format_into(place, "in fiber {}", loop_.name_at_last_tick())
                              : format_into(place, "while {} fibers ran, {} first", fibers,
                                            loop_.name_at_last_tick()),
                  describe_missed(standstills_.take_missed(), missed)));
}

StallWatch::StallWatch(Duration limit) : state_(std::make_unique<State>()) {
  set_limit(limit);
}

StallWatch::~StallWatch() = default;

void StallWatch::set_limit(Duration limit) noexcept {
  state_->set_limit(limit);
}

}  // namespace thane::internal
