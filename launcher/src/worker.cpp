#include "worker.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

#include <thane/check.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/internal/crash_handler.hpp>
#include <thane/internal/describe_exception.hpp>
#include <thane/internal/stall_watch.hpp>
#include <thane/internal/watched_fd.hpp>
#include <thane/log.hpp>
#include <thane/log_options.hpp>
#include <thane/timeout.hpp>

#include "channel.hpp"
#include "hook_call.hpp"
#include "hygiene.hpp"
#include "limits.hpp"
#include "own_stdio_capture.hpp"
#include "pid_file.hpp"
#include "process_title.hpp"

namespace thane::internal {

using namespace std::chrono_literals;

namespace {

// The timer that works without the loop comes last.
constexpr std::chrono::milliseconds after_loop{100};

/// A second descriptor for what `fd` refers to, as a WatchedFd closes what it is given.
UniqueFd duplicate(int fd) {
  return UniqueFd{check(::fcntl(fd, F_DUPFD_CLOEXEC, 0), "fcntl(F_DUPFD_CLOEXEC)")};
}

}  // namespace

Worker::Worker(Setup setup) : setup_(std::move(setup)) {}

int Worker::run() {
  SignalPipe signals{setup_.mask, setup_.label};
  signals_ = &signals;
  const CrashHandler crash_handler;
  follow_configuration();
  FiberLoop loop;
  StallWatch stall_watch{stall_warning(setup_.config)};
  stall_watch_ = &stall_watch;
  loop.run([this] { main(); });
  return status_;
}

void Worker::follow_configuration() {
  if (setup_.context.generation > 1) {  // The first one was taken up when it was read.
    log::configure(setup_.config);
  }
  const Duration margin = (setup_.channel ? after_parent : 0ms) + after_loop;
  const Duration limit = graceful_shutdown_timeout(setup_.config);
  set_hard_limits(limit > Duration::zero() ? limit + margin : limit,
                  setup_.channel ? fast_stop_limit + margin : fast_stop_limit);
  if (stall_watch_ != nullptr) stall_watch_->set_limit(stall_warning(setup_.config));
  beat_.set();
}

void Worker::main() {
  FiberLoop& loop = FiberLoop::current();
  loop.spawn([this] { read_signals(); }, "signals");
  if (setup_.channel) {
    loop.spawn([this] { watch_parent(); }, "parent watch");
    loop.spawn([this] { beat(); }, "heartbeat");
  } else if (setup_.notifier->watchdog_interval() > Duration::zero()) {
    loop.spawn([this] { beat(); }, "watchdog");
  }
  enter(WorkerState::starting);
  if (start_all()) {
    announce_ready();
    while (!stopping_) {
      wake_.wait();
      wake_.clear();
      if (!stopping_ && mutation_) {
        take_up_mutation();
      }
      if (!stopping_ && std::exchange(restart_wanted_, false)) {
        restart_all();
      }
    }
  }
  stop_all();
  end();
}

// --- What comes from outside.

void Worker::read_signals() {
  WatchedFd pipe{duplicate(signals_->fd()), WatchedFd::Kind::shared};
  for (;;) {
    static_cast<void>(pipe.wait(WatchedFd::readable));
    for (const ReceivedSignal& received : signals_->read()) {
      handle(received);
    }
  }
}

void Worker::handle(const ReceivedSignal& received) {
  const bool forked = static_cast<bool>(setup_.channel);
  switch (received.number) {
    case SIGTERM:
      request_stop("SIGTERM");
      return;
    case SIGINT:
    case SIGQUIT:
      request_stop("at once");
      end_now(1);
    case SIGHUP:
      if (received.from_kernel) {
        // The terminal is gone: a parent hears it as well, and decides for its workers.
        if (!forked) request_stop("the terminal was closed");
      } else if (forked) {
        say(setup_.channel, Word::hung_up);  // The parent knows whether this worker alone is meant.
      } else {
        restart_wanted_ = true;
        wake_.set();
      }
      return;
    case SIGUSR1:
      log::reopen();
      return;
    default:
      FiberLoop::current().spawn([number = received.number] { run_application_handlers(number); },
                                 "signal handler");
  }
}

// What the parent has to say; its last word is the end of the channel.
void Worker::watch_parent() {
  WatchedFd channel{duplicate(setup_.channel.get()), WatchedFd::Kind::shared};
  do {
    static_cast<void>(channel.wait(WatchedFd::readable));
    while (auto message = internal::hear(setup_.channel)) {
      hear(std::move(*message));
    }
  } while (!closed(setup_.channel));
  log::warning("the parent has died, stopping");
  status_ = 1;
  arm_hard_limit();
  set_launcher_ends();
  request_stop("the parent has died");
}

void Worker::hear(Message message) {
  if (message.word == Word::restart) {
    restart_wanted_ = true;
  } else if (message.word == Word::mutate) {
    mutation_ = std::move(message);  // A newer one takes the place of one that still waits.
  }
  wake_.set();
}

void Worker::request_stop(const char* why) {
  if (stopping_) {
    return;
  }
  stopping_ = true;
  enter(WorkerState::draining);
  log::debug("stop: {}", why);
  if (!setup_.channel) {
    set_launcher_ends();
    log::info("stopping");
    call_hook("on_stopping", setup_.hooks.on_stopping);
    setup_.notifier->send("STOPPING=1");
    FiberLoop::current().spawn([this] { ask_for_patience(); }, "patience");
  }
  arm_hard_limit();
  for (const Fiber& fiber : interruptible_) {
    fiber.kill();  // Nothing was served yet, so there is nothing to wait for.
  }
  wake_.set();
}

void Worker::end() {
  if (!setup_.channel) {
    log::info("stopped status={}", status_);
    call_hook("on_stopped", setup_.hooks.on_stopped, status_);
  }
  log::flush();
  flush_stdio();
}

void Worker::end_now(int status) {
  if (!setup_.channel) {
    log::info("stopped status={}", status);
  }
  log::flush();
  flush_stdio();
  finish_own_stdio_capture();
  remove_pid_file();
  ::_exit(status);
}

void Worker::enter(WorkerState state) {
  own_slot().state.store(state);
  const char* word = state == WorkerState::starting  ? "starting"
                     : state == WorkerState::running ? "running"
                                                     : "draining";
  const log::ProcessContext& context = setup_.context;
  if (setup_.channel) {
    set_process_title(fmt::format("worker {}/{} g{} {}", context.service, context.worker,
                                  context.generation, word));
  } else {
    set_process_title(fmt::format("g{} {}", context.generation, word));
  }
}

WorkerInfo Worker::info() const {
  return {setup_.context.service, setup_.context.worker, setup_.context.generation, ::getpid()};
}

}  // namespace thane::internal
