#include "worker.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <stdexcept>
#include <utility>

#include <thane/asio.hpp>
#include <thane/check.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/internal/describe_exception.hpp>
#include <thane/log.hpp>
#include <thane/log_options.hpp>
#include <thane/timeout.hpp>

#include "channel.hpp"
#include "hygiene.hpp"
#include "limits.hpp"

namespace thane::internal {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

// A forked worker gives its parent this much time to end it and to say so; alone it is on time.
constexpr std::chrono::milliseconds after_parent{300};
// The timer that works without the loop comes last.
constexpr std::chrono::milliseconds after_loop{100};
// What INT and QUIT leave to a process whose loop does not answer.
constexpr std::chrono::milliseconds fast_stop_limit{100};

/// A second descriptor for what `fd` refers to, as asio closes what it is given.
asio::posix::stream_descriptor watch(int fd) {
  return {io_context(), check(::fcntl(fd, F_DUPFD_CLOEXEC, 0), "fcntl(F_DUPFD_CLOEXEC)")};
}

void wait_readable(asio::posix::stream_descriptor& descriptor) {
  descriptor.async_wait(asio::posix::descriptor_base::wait_read, await);
}

}  // namespace

Worker::Worker(Setup setup) : setup_(std::move(setup)) {}

int Worker::run() {
  SignalPipe signals{setup_.mask, setup_.label};
  signals_ = &signals;
  follow_configuration();
  FiberLoop loop;
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
}

void Worker::main() {
  FiberLoop& loop = FiberLoop::current();
  loop.spawn([this] { read_signals(); }, "signals");
  if (setup_.channel) {
    loop.spawn([this] { watch_parent(); }, "parent watch");
  }
  if (start_all()) {
    announce_ready();
    while (!stopping_) {
      wake_.wait();
      wake_.clear();
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
  auto pipe = watch(signals_->fd());
  for (;;) {
    wait_readable(pipe);
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
  auto channel = watch(setup_.channel.get());
  do {
    wait_readable(channel);
    while (const auto word = hear(setup_.channel)) {
      if (*word == Word::restart) {
        restart_wanted_ = true;
        wake_.set();
      }
    }
  } while (!closed(setup_.channel));
  log::warning("the parent has died, stopping");
  status_ = 1;
  arm_hard_limit();
  request_stop("the parent has died");
}

void Worker::request_stop(const char* why) {
  if (stopping_) {
    return;
  }
  stopping_ = true;
  log::debug("stop: {}", why);
  if (!setup_.channel) {
    log::info("stopping");
    setup_.notifier->send("STOPPING=1");
  }
  arm_hard_limit();
  for (const Fiber& fiber : interruptible_) {
    fiber.kill();  // Nothing was served yet, so there is nothing to wait for.
  }
  wake_.set();
}

void Worker::end_now(int status) {
  if (!setup_.channel) {
    log::info("stopped status={}", status);
  }
  log::flush();
  flush_stdio();
  ::_exit(status);
}

// --- The services' verbs.

// Calls `verb` for every service at the same time, each in a fiber of its own.
std::shared_ptr<Worker::Calls> Worker::call_all(const char* phase, const Verb& verb) {
  auto calls = std::make_shared<Calls>();
  for (ServiceWrapper* wrapper : setup_.services) {
    calls->fibers.push_back(FiberLoop::current().spawn(
        [calls, verb, phase, wrapper] {
          try {
            verb(*wrapper->service);
          } catch (const fiber_killed&) {
            throw;
          } catch (...) {
            calls->good = false;
            log::error("service {} failed in {}: {}", wrapper->name, phase,
                       describe(std::current_exception()));
          }
        },
        fmt::format("{} of {}", phase, wrapper->name)));
  }
  return calls;
}

namespace {

// False if `limit` was over first.
bool wait_within(Duration limit, const std::vector<Fiber>& fibers) {
  const Timeout timeout{limit};
  try {
    for (const Fiber& fiber : fibers) {
      fiber.wait();
    }
  } catch (const timeout_error&) {
    if (!timeout.expired()) throw;
    return false;
  }
  return true;
}

}  // namespace

bool Worker::start_verb(const char* phase, const Verb& verb) {
  if (stopping_) {
    return false;
  }
  // In a forked worker's first start the parent has the word; this is for those in place.
  const Duration limit = limit_of(limits(setup_.config).worker_boot_timeout);
  const auto calls = call_all(phase, verb);
  interruptible_ = calls->fibers;
  if (!wait_within(limit, calls->fibers)) {
    log::error("worker {} is not ready after worker_boot_timeout: {} has not returned",
               setup_.label, phase);
    calls->good = false;
    for (const Fiber& fiber : calls->fibers) {
      fiber.kill();
    }
    if (!wait_within(limit_of(graceful_shutdown_timeout(setup_.config)), calls->fibers)) {
      end_now(1);
    }
  }
  interruptible_.clear();
  return calls->good && !stopping_;
}

bool Worker::stop_verb(const Verb& verb) {
  const auto calls = call_all("stop", verb);
  if (!wait_within(limit_of(graceful_shutdown_timeout(setup_.config)), calls->fibers)) {
    log::error("worker {} killed: graceful_shutdown_timeout pid={}", setup_.label, ::getpid());
    end_now(1);
  }
  return calls->good;
}

Duration Worker::limit_of(Duration option) const {
  if (option <= Duration::zero()) {
    return Duration::max();
  }
  return setup_.channel ? option + after_parent : option;
}

bool Worker::start_all() {
  if (!setup_.channel) {
    log::info("worker {} started pid={} generation={}", setup_.label, ::getpid(),
              setup_.context.generation);
  }
  // A worker of a later generation has a copy of services that were constructed under an earlier
  // configuration: reset() brings it up to date.
  const bool outdated = setup_.channel && setup_.context.generation > 1;
  if ((!outdated || reset_services()) && start_services()) {
    return true;
  }
  if (!stopping_) {
    status_ = setup_.channel ? 1 : 3;
    request_stop("a service could not start");
  }
  return false;
}

bool Worker::reset_services() {
  return start_verb("reset", [](ServiceBase& service) { service.reset(); });
}

bool Worker::start_services() {
  return start_verb("start", [](ServiceBase& service) { service.start(); });
}

void Worker::announce_ready() {
  if (setup_.channel) {
    say(setup_.channel, Word::ready);  // The parent writes the line, once it knows.
  } else {
    log::info("worker {} ready pid={} generation={}", setup_.label, ::getpid(),
              setup_.context.generation);
    log::info("parent ready");
    setup_.notifier->send("READY=1");
  }
}

void Worker::stop_all() {
  const bool good = stop_verb([](ServiceBase& service) {
    std::exception_ptr error;
    try {
      service.stop();
    } catch (const fiber_killed&) {
      throw;
    } catch (...) {
      error = std::current_exception();  // What it has started ends nevertheless.
    }
    service.wait();
    if (error) {
      std::rethrow_exception(error);
    }
  });
  if (!good && status_ == 0) {
    status_ = 1;
  }
}

void Worker::end() {
  if (!setup_.channel) {
    log::info("stopped status={}", status_);
  }
  log::flush();
  flush_stdio();
}

// --- SIGHUP to this process: the services start again in place, or take up what may change.

void Worker::restart_all() {
  ++setup_.context.generation;
  // In a worker this is its own affair; the lines of the whole service are the parent's.
  const std::string who = setup_.channel ? fmt::format("worker {} ", setup_.label) : "";
  log::set_process_context(setup_.context);
  log::info("{}reload started generation={}", who, setup_.context.generation);
  try {
    const auto wanted = setup_.config.load();
    if (setup_.restart == Restart::mutate) {
      mutate(wanted);
    } else {
      reload(wanted);
    }
  } catch (const std::exception& error) {
    log::error("{}reload failed generation={} reason={}", who, setup_.context.generation,
               error.what());
    return;
  }
  if (!stopping_) {
    log::info("{}reload finished generation={}", who, setup_.context.generation);
  }
}

void Worker::reload(const std::shared_ptr<const Snapshot>& wanted) {
  arm_hard_limit();
  stop_all();
  if (stopping_) {
    return;
  }
  disarm_hard_limit();
  const auto before = setup_.config.snapshot();
  setup_.config.install(wanted);
  follow_configuration();
  if ((reset_services() && start_services()) || stopping_) {
    return;
  }
  // What was started of it is stopped again, and all is as it was.
  stop_all();
  setup_.config.install(before);
  follow_configuration();
  (void)reset_services();  // It may be what always fails: that is no reason to serve nobody.
  if (!start_services() && !stopping_) {
    status_ = setup_.channel ? 1 : 3;
    request_stop("neither the new nor the old configuration can be started");
  }
  throw std::runtime_error(
      "a service failed in reset or start, see above; the old configuration stays");
}

void Worker::mutate(const std::shared_ptr<const Snapshot>& wanted) {
  const auto before = setup_.config.snapshot();
  setup_.config.mutate(wanted);
  follow_configuration();
  if (!reset_services() && !stopping_) {
    setup_.config.install(before);
    follow_configuration();
    throw std::runtime_error("a service failed in reset, see above; the old configuration stays");
  }
}

}  // namespace thane::internal
