#include "parent.hpp"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <thane/check.hpp>
#include <thane/log.hpp>
#include <thane/log_options.hpp>

#include "channel.hpp"
#include "hygiene.hpp"
#include "limits.hpp"
#include "worker.hpp"

namespace thane::internal {

namespace {

// What an epoll event is about: a signal, the time, or a worker by its key, on one of its two fds.
constexpr std::uint64_t signal_token = 0;
constexpr std::uint64_t timer_token = 1;
constexpr std::uint64_t pidfd_token(WorkerKey key) {
  return key * 2;
}
constexpr std::uint64_t channel_token(WorkerKey key) {
  return key * 2 + 1;
}

std::vector<Supervisor::Service> described(const std::vector<ServiceWrapper>& services) {
  std::vector<Supervisor::Service> result;
  for (const ServiceWrapper& wrapper : services) {
    result.push_back({wrapper.name, wrapper.workers});
  }
  return result;
}

bool reaps_for_others() {
  int subreaper = 0;
  ::prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
  return ::getpid() == 1 || subreaper != 0;
}

}  // namespace

Parent::Parent(const Config& config, Restart restart, std::vector<ServiceWrapper>& services,
               const BlockedSignals& signals, const Notifier& notifier)
    : config_(config),
      restart_(restart),
      services_(services),
      signals_(signals),
      notifier_(notifier),
      supervisor_(described(services), restart, limits(config)) {}

Parent::~Parent() = default;

void Parent::open() {
  epoll_.reset(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
  sigset_t set = signals_.set();
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
  int workers = 0;
  for (const ServiceWrapper& wrapper : services_) {
    workers += wrapper.workers;
  }
  ensure_descriptors_for(workers);
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
bool Parent::hear_words(WorkerKey key, const WorkerHandle& handle) {
  bool any = false;
  while (const auto word = internal::hear(handle.channel)) {
    any = true;
    if (*word == Word::ready) {
      supervisor_.worker_ready(key, SteadyClock::now());
    } else if (*word == Word::hung_up) {
      supervisor_.worker_hung_up(key, SteadyClock::now());
    }
  }
  return any;
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
  const auto death = handle.reap();
  if (!death) {
    return;
  }
  hear_words(key, handle);  // Its last ones.
  workers_.erase(key);      // The close takes both descriptors out of the epoll set.
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

// --- What is to be done about it.

void Parent::act() {
  for (auto actions = supervisor_.take_actions(); !actions.empty();
       actions = supervisor_.take_actions()) {
    for (const Action& action : actions) {
      std::visit([this](const auto& one) { act(one); }, action);
    }
  }
}

void Parent::act(const ForkWorker& action) {
  try {
    Fork fork = fork_worker();
    if (fork.handle.pid == 0) {
      become_worker(action, std::move(fork));
    }
    const WorkerHandle& handle = workers_[action.key] = std::move(fork.handle);
    watch(handle.pidfd.get(), pidfd_token(action.key));
    watch(handle.channel.get(), channel_token(action.key));
    supervisor_.worker_forked(action.key, handle.pid, SteadyClock::now());
  } catch (const std::system_error& error) {
    if (const auto half_done = workers_.find(action.key); half_done != workers_.end()) {
      half_done->second.destroy();
      workers_.erase(half_done);
    }
    supervisor_.fork_failed(action.key, error.what(), SteadyClock::now());
  }
}

void Parent::become_worker(const ForkWorker& action, Fork fork) {
  // Closed by list: what is left open would keep a sibling from noticing that the parent is gone.
  workers_.clear();
  epoll_.reset();
  signal_fd_.reset();
  timer_fd_.reset();

  ServiceWrapper& wrapper = services_[action.service];
  if (loaded_ && action.generation == loaded_generation_) {
    config_.install(loaded_);  // A canary: it tries what is not the configuration yet.
  }
  const log::ProcessContext context{
      .service = wrapper.name, .worker = action.index, .generation = action.generation};
  log::set_process_context(context);
  raise_oom_score();
  const std::string label = services_.size() == 1
                                ? fmt::format("{}", action.index)
                                : fmt::format("{}/{}", wrapper.name, action.index);
  int status = 1;
  try {
    Worker worker{{.config = config_,
                   .restart = restart_,
                   .services = {&wrapper},
                   .label = label,
                   .context = context,
                   .channel = std::move(fork.channel_in_worker),
                   .notifier = nullptr,
                   .mask = signals_.before()}};
    status = worker.run();
  } catch (const std::exception& error) {
    log::critical("worker {} cannot run: {}", label, error.what());
  }
  log::flush();
  ::_exit(status);  // Not exit(): what the parent registered to run at its end is the parent's.
}

void Parent::act(const SendSignal& action) {
  const auto found = workers_.find(action.key);
  if (found != workers_.end()) {
    found->second.signal(action.number);
  }
}

void Parent::act(const TellRestart& action) {
  const auto found = workers_.find(action.key);
  if (found != workers_.end()) {
    say(found->second.channel, Word::restart);
  }
}

void Parent::act(const LogLine& action) {
  log::write(action.level, "{}", action.text);
}

void Parent::act(const Notify& action) {
  notifier_.send(action.state);
}

void Parent::act(const LoadConfig& action) {
  try {
    loaded_ = config_.load();
    loaded_generation_ = action.generation;
    supervisor_.config_loaded(SteadyClock::now());
  } catch (const std::exception& error) {
    loaded_.reset();
    supervisor_.config_refused(error.what(), SteadyClock::now());
  }
}

void Parent::act(const CommitConfig&) {
  config_.install(std::exchange(loaded_, nullptr));
  log::configure(config_);
  supervisor_.set_limits(limits(config_));
}

void Parent::act(const MutateConfig&) {
  config_.mutate(std::exchange(loaded_, nullptr));
  log::configure(config_);
  supervisor_.set_limits(limits(config_));
}

void Parent::act(const Finish& action) {
  finished_ = action.status;
}

}  // namespace thane::internal
