#include "parent.hpp"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include <thane/check.hpp>
#include <thane/log.hpp>

#include "channel.hpp"
#include "hygiene.hpp"
#include "limits.hpp"
#include "parent_tokens.hpp"

namespace thane::internal {

namespace {

std::vector<Supervisor::Service> described(const std::vector<ServiceWrapper>& services,
                                           const std::vector<std::vector<std::size_t>>& after) {
  std::vector<Supervisor::Service> result;
  for (const ServiceWrapper& wrapper : services) {
    const LaunchOptions& options = wrapper.options;
    result.push_back({.name = wrapper.name,
                      .workers = wrapper.workers,
                      .after = after[result.size()],
                      .restart = options.restart,
                      .strategy = options.strategy,
                      .max_restarts = options.max_restarts,
                      .period = options.period,
                      .give_up = options.give_up});
  }
  return result;
}

std::size_t all_workers(const std::vector<ServiceWrapper>& services) {
  std::size_t workers = 0;
  for (const ServiceWrapper& wrapper : services) {
    workers += static_cast<std::size_t>(wrapper.workers);
  }
  return workers;
}

bool reaps_for_others() {
  int subreaper = 0;
  ::prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
  return ::getpid() == 1 || subreaper != 0;
}

}  // namespace

Parent::Parent(Setup setup)
    : setup_(std::move(setup)),
      config_(setup_.config),
      services_(setup_.services),
      supervisor_(described(services_, setup_.after), setup_.restart, limits(config_)),
      slots_(all_workers(services_)) {
  supervisor_.set_watchdog(setup_.notifier.watchdog_interval());
}

Parent::~Parent() = default;

void Parent::open() {
  epoll_.reset(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
  sigset_t set = setup_.signals.set();
  reaps_strangers_ = reaps_for_others();
  if (reaps_strangers_) {
    ::sigaddset(&set, SIGCHLD);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  }
  signal_fd_.reset(check(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd"));
  timer_fd_.reset(
      check(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "timerfd_create"));
  watch(signal_fd_.get(), signal_token);
  watch(timer_fd_.get(), timer_token);
}

void Parent::watch(int fd, std::uint64_t token) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = token;
  check(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

int Parent::run() {
  open();
  ensure_descriptors_for(static_cast<int>(all_workers(services_)));
  supervisor_.start(SteadyClock::now());
  act();
  while (!finished_) {
    arm_timer();
    epoll_event events[64];
    const int count = ::epoll_wait(epoll_.get(), events, 64, -1);
    if (count < 0 && errno != EINTR) {
      throw_errno(errno, "epoll_wait");
    }
    for (int i = 0; i < count && !finished_; ++i) {
      hear(events[i].data.u64);
      act();
    }
  }
  return *finished_;
}

void Parent::arm_timer() {
  const TimePoint deadline = supervisor_.next_deadline();
  if (deadline == armed_for_) {
    return;
  }
  armed_for_ = deadline;
  itimerspec spec{};  // All zero: off.
  if (deadline != never) {
    const auto since_boot = deadline.time_since_epoch();
    const auto nanoseconds = std::chrono::nanoseconds{since_boot}.count();
    spec.it_value.tv_sec = nanoseconds / 1'000'000'000;
    spec.it_value.tv_nsec = std::max(nanoseconds % 1'000'000'000, decltype(nanoseconds){1});
  }
  check(::timerfd_settime(timer_fd_.get(), TFD_TIMER_ABSTIME, &spec, nullptr), "timerfd_settime");
}

// --- What happens.

void Parent::hear(std::uint64_t token) {
  if (token == signal_token) {
    hear_signals();
    return;
  }
  if (token == timer_token) {
    std::uint64_t expirations = 0;
    (void)!::read(timer_fd_.get(), &expirations, sizeof expirations);
    armed_for_ = never;
    supervisor_.time_passed(SteadyClock::now());
    return;
  }
  if (token == stdio_token) {
    stdio_->read_lines();
    return;
  }
  const WorkerKey key = token / 2;
  const auto found = workers_.find(key);
  if (found == workers_.end()) {
    return;  // Its end was heard earlier in this turn.
  }
  if (token == pidfd_token(key)) {
    hear_worker_end(key);
    return;
  }
  if (!hear_words(key, found->second)) {
    // Closed: the worker has ended or is about to; its pidfd tells how.
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, found->second.channel.get(), nullptr);
  }
}

// False if there was none.
bool Parent::hear_words(WorkerKey key, WorkerHandle& handle) {
  bool any = false;
  while (const auto message = internal::hear(handle.channel)) {
    any = true;
    hear_word(key, handle, *message);
  }
  return any;
}

void Parent::hear_word(WorkerKey key, WorkerHandle& handle, const Message& message) {
  const TimePoint now = SteadyClock::now();
  switch (message.word) {
    case Word::ready:
      supervisor_.worker_ready(key, now);
      break;
    case Word::failed:
      handle.reason = message.text;
      break;
    case Word::hung_up:
      supervisor_.worker_hung_up(key, now);
      break;
    case Word::recycle:
      supervisor_.recycle_requested(key, message.text, now);
      break;
    case Word::mutated:
      supervisor_.mutated(key, message.text, now);
      break;
    default:  // What only a parent says.
      break;
  }
}

void Parent::hear_signals() {
  signalfd_siginfo info{};
  while (::read(signal_fd_.get(), &info, sizeof info) == sizeof info) {
    const TimePoint now = SteadyClock::now();
    switch (info.ssi_signo) {
      case SIGTERM:
        supervisor_.stop_requested(Stop::graceful, now);
        break;
      case SIGINT:
      case SIGQUIT:
        supervisor_.stop_requested(Stop::fast, now);
        break;
      case SIGHUP:
        if (info.ssi_code == SI_KERNEL) {  // Nobody asked for a reload: the terminal is gone.
          supervisor_.stop_requested(Stop::graceful, now);
        } else {
          supervisor_.reload_requested(now);
        }
        break;
      case SIGUSR1:
        log::reopen();
        supervisor_.forward_signal(SIGUSR1);
        break;
      case SIGUSR2:
        supervisor_.forward_signal(SIGUSR2);
        break;
      default:
        reap_strangers();
    }
    act();
  }
}

void Parent::hear_worker_end(WorkerKey key) {
  WorkerHandle& handle = workers_.at(key);
  hear_words(key, handle);  // Its last ones.
  auto death = handle.reap();
  if (!death) {
    return;
  }
  const WorkerSlot& slot = slots_[handle.slot];
  death->requests = slot.requests.load();
  death->fiber = slot.fiber.data();
  death->out_of_memory = death->signal == SIGKILL && oom_.happened();
  slots_.give_back(handle.slot);
  workers_.erase(key);  // An event of its descriptors that still comes finds no worker.
  if (stdio_) stdio_->finish(key);
  supervisor_.worker_gone(key, *death, SteadyClock::now());
}

// Only as PID 1 or subreaper: children of others that were left to us. What is ours is heard
// through its pidfd, so it is looked at here and not taken.
void Parent::reap_strangers() {
  for (;;) {
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) {
      return;
    }
    const auto own = std::ranges::find_if(
        workers_, [&](const auto& entry) { return entry.second.pid == info.si_pid; });
    if (own != workers_.end()) {
      hear_worker_end(own->first);
      act();
    } else {
      ::waitid(P_PID, static_cast<id_t>(info.si_pid), &info, WEXITED | WNOHANG);
    }
  }
}

}  // namespace thane::internal
