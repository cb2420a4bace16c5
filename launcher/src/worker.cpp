#include "worker.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <thane/asio.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/log.hpp>
#include <thane/log_options.hpp>
#include <thane/timeout.hpp>

#include "limits.hpp"
#include "worker_handle.hpp"

namespace thane::internal {

namespace asio = boost::asio;

namespace {

// A forked worker gives its parent this much time to end it and to say so; alone it is on time.
constexpr std::chrono::milliseconds after_parent{300};
// The timer that works without the loop comes last.
constexpr std::chrono::milliseconds after_loop{100};

std::string what(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& exception) {
    return exception.what();
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

void wait_readable(int fd) {
  asio::posix::stream_descriptor descriptor{io_context(), ::dup(fd)};
  descriptor.async_wait(asio::posix::descriptor_base::wait_read, await);
}

}  // namespace

Worker::Worker(Setup setup) : setup_(std::move(setup)) {}

int Worker::run() {
  Duration limit = graceful_shutdown_timeout(setup_.config);
  if (limit > Duration::zero() && setup_.channel) {
    limit += after_parent;
  }
  SignalPipe signals{setup_.mask, limit > Duration::zero() ? limit + after_loop : limit};
  signals_ = &signals;
  FiberLoop loop;
  loop.run([this] { main(); });
  return status_;
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
  for (;;) {
    wait_readable(signals_->fd());
    for (;;) {
      const ReceivedSignal received = signals_->read();
      if (received.number == 0) break;
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
      log::info("stopping at once: signal {}", received.number);
      end_now(1);
    case SIGHUP:
      // The terminal is gone: a parent hears it as well, and decides for its workers.
      if (received.from_kernel) {
        if (!forked) request_stop("the terminal was closed");
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

void Worker::watch_parent() {
  wait_readable(setup_.channel.get());  // The parent never writes: readable means closed.
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
  for (const Fiber& fiber : starting_) {
    fiber.kill();  // Nothing was served yet, so there is nothing to wait for.
  }
  wake_.set();
}

void Worker::end_now(int status) {
  log::flush();
  ::_exit(status);
}

// --- The services' verbs.

bool Worker::each(const char* phase, const std::function<void(ServiceBase&)>& verb) {
  FiberLoop& loop = FiberLoop::current();
  bool good = true;
  std::vector<Fiber> fibers;
  for (ServiceWrapper* wrapper : setup_.services) {
    fibers.push_back(loop.spawn(
        [&good, &verb, phase, wrapper] {
          try {
            verb(*wrapper->service);
          } catch (const fiber_killed&) {
            throw;
          } catch (...) {
            good = false;
            log::error("service {} failed in {}: {}", wrapper->name, phase,
                       what(std::current_exception()));
          }
        },
        fmt::format("{} of {}", phase, wrapper->name)));
  }
  starting_ = std::string_view{phase} != "stop" ? fibers : std::vector<Fiber>{};
  for (const Fiber& fiber : fibers) {
    fiber.wait();
  }
  starting_.clear();
  return good;
}

bool Worker::each_in_time(const char* phase, const std::function<void(ServiceBase&)>& verb) {
  Duration limit = graceful_shutdown_timeout(setup_.config);
  if (limit <= Duration::zero()) {
    return each(phase, verb);
  }
  if (setup_.channel) {
    limit += after_parent;
  }
  try {
    const Timeout timeout{limit};
    return each(phase, verb);
  } catch (const timeout_error&) {
    log::error("worker {} killed: graceful_shutdown_timeout pid={}", setup_.label, ::getpid());
    end_now(1);
  }
}

bool Worker::start_all() {
  if (!setup_.channel) {
    log::info("worker {} started pid={} generation={}", setup_.label, ::getpid(),
              setup_.context.generation);
  }
  if (stopping_) {
    return false;
  }
  // A worker of a later generation has a copy of services that were constructed under an earlier
  // configuration: reset() brings it up to date.
  const bool outdated = setup_.channel && setup_.context.generation > 1;
  if ((outdated && !each("reset", [](ServiceBase& service) { service.reset(); })) ||
      !each("start", [](ServiceBase& service) { service.start(); })) {
    status_ = setup_.channel ? 1 : 3;
    return false;
  }
  return !stopping_;
}

void Worker::announce_ready() {
  if (setup_.channel) {
    say_ready(setup_.channel);  // The parent writes the line, once it knows.
  } else {
    log::info("worker {} ready pid={} generation={}", setup_.label, ::getpid(),
              setup_.context.generation);
    log::info("parent ready");
    setup_.notifier->send("READY=1");
  }
}

void Worker::stop_all() {
  const bool good = each_in_time("stop", [](ServiceBase& service) {
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
  log::configure(setup_.config);
  const auto reset_and_start = [this] {
    return each("reset", [](ServiceBase& service) { service.reset(); }) &&
           each("start", [](ServiceBase& service) { service.start(); });
  };
  if (reset_and_start() || stopping_) {
    return;
  }
  // What was started of it is stopped again, and all is as it was.
  stop_all();
  setup_.config.install(before);
  log::configure(setup_.config);
  if (!reset_and_start() && !stopping_) {
    status_ = setup_.channel ? 1 : 3;
    request_stop("neither the new nor the old configuration can be started");
  }
  throw std::runtime_error(
      "a service failed in reset or start, see above; the old configuration stays");
}

void Worker::mutate(const std::shared_ptr<const Snapshot>& wanted) {
  const auto before = setup_.config.snapshot();
  setup_.config.mutate(wanted);
  log::configure(setup_.config);
  if (!each("reset", [](ServiceBase& service) { service.reset(); })) {
    setup_.config.install(before);
    log::configure(setup_.config);
    throw std::runtime_error("a service failed in reset, see above; the old configuration stays");
  }
}

}  // namespace thane::internal
