// The part of Parent that does what Supervisor has decided.
#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <exception>
#include <system_error>
#include <utility>

#include <thane/check.hpp>
#include <thane/internal/describe_exception.hpp>
#include <thane/log.hpp>
#include <thane/log_options.hpp>

#include "hook_call.hpp"
#include "hygiene.hpp"
#include "launch_common.hpp"
#include "limits.hpp"
#include "parent.hpp"
#include "parent_tokens.hpp"
#include "process_options.hpp"
#include "process_title.hpp"
#include "worker.hpp"

namespace thane::internal {

void Parent::act() {
  for (auto actions = supervisor_.take_actions(); !actions.empty();
       actions = supervisor_.take_actions()) {
    for (const Action& action : actions) {
      std::visit([this](const auto& one) { act(one); }, action);
    }
  }
}

WorkerHandle* Parent::find(WorkerKey key) {
  const auto found = workers_.find(key);
  return found == workers_.end() ? nullptr : &found->second;
}

void Parent::act(const ForkWorker& action) {
  const auto slot = slots_.take(action.service);
  try {
    if (!slot) {
      throw std::system_error(ENOMEM, std::generic_category(), "too many workers are draining");
    }
    std::optional<StdioPipes> stdio;
    if (is_canary(action) ? captures_stdio(*loaded_) : captures_stdio(*config_.snapshot())) {
      stdio.emplace();
    }
    Fork fork = fork_worker();
    if (fork.handle.pid == 0) {
      become_worker(action, std::move(fork), *slot, std::move(stdio));
    }
    WorkerHandle& handle = workers_[action.key] = std::move(fork.handle);
    handle.slot = *slot;
    watch(handle.pidfd.get(), pidfd_token(action.key));
    watch(handle.channel.get(), channel_token(action.key));
    capture(action, handle.pid, std::move(stdio));
    supervisor_.worker_forked(action.key, handle.pid, SteadyClock::now());
  } catch (const std::system_error& error) {
    if (const WorkerHandle* half_done = find(action.key)) {
      half_done->destroy();
      workers_.erase(action.key);
    }
    if (slot) slots_.give_back(*slot);
    supervisor_.fork_failed(action.key, error.what(), SteadyClock::now());
  }
}

// It tries what is not the configuration yet.
bool Parent::is_canary(const ForkWorker& action) const {
  return loaded_ && action.generation == loaded_generation_;
}

log::ProcessContext Parent::context_of(const ForkWorker& action) const {
  return {.service = services_[action.service].name,
          .worker = action.index,
          .generation = action.generation};
}

void Parent::capture(const ForkWorker& action, pid_t pid, std::optional<StdioPipes> stdio) {
  if (!stdio) {
    return;
  }
  if (!stdio_) {
    watch(stdio_.emplace().fd(), stdio_token);
  }
  stdio_->add(action.key, std::move(*stdio), StdioCapture::Source{context_of(action), pid});
}

void Parent::become_worker(const ForkWorker& action, Fork fork, std::size_t slot,
                           std::optional<StdioPipes> stdio) {
  // Closed by list: what is left open would keep a sibling from noticing that the parent is gone.
  workers_.clear();
  epoll_.reset();
  signal_fd_.reset();
  timer_fd_.reset();
  mutation_.reset();
  stdio_.reset();
  use_worker_slots(slots_.seen_from(slot));

  ServiceWrapper& wrapper = services_[action.service];
  if (is_canary(action)) {
    config_.install(loaded_);
  }
  const log::ProcessContext context = context_of(action);
  log::set_process_context(context);
  raise_oom_score();
  const std::string label = services_.size() == 1
                                ? fmt::format("{}", action.index)
                                : fmt::format("{}/{}", wrapper.name, action.index);
  int status = 1;
  try {
    if (stdio) std::exchange(stdio, std::nullopt)->become_stdio();
    Worker worker{{.config = config_,
                   .restart = setup_.restart,
                   .ranks = {{&wrapper}},
                   .label = label,
                   .context = context,
                   .hooks = setup_.hooks,
                   .channel = std::move(fork.channel_in_worker),
                   .notifier = nullptr,
                   .mask = setup_.signals.before(),
                   .quiet = action.quiet}};
    status = worker.run();
  } catch (const std::exception& error) {
    log::critical("worker {} cannot run: {}", label, error.what());
  }
  log::flush();
  ::_exit(status);  // Not exit(): what the parent registered to run at its end is the parent's.
}

void Parent::act(const SendSignal& action) {
  if (const WorkerHandle* handle = find(action.key)) {
    handle->signal(action.number);
  }
}

void Parent::act(const TellRestart& action) {
  if (const WorkerHandle* handle = find(action.key)) {
    say(handle->channel, Word::restart);
  }
}

void Parent::act(const TellMutate& action) {
  if (const WorkerHandle* handle = find(action.key)) {
    say(handle->channel, Word::mutate, fmt::format("{}", action.generation), mutation_.get());
  }
}

void Parent::act(const TakePulse& action) {
  const WorkerHandle* handle = find(action.key);
  if (handle == nullptr) {
    return;
  }
  Pulse pulse = pulse_of(handle->pid);
  pulse.tick = TimePoint{std::chrono::nanoseconds{slots_[handle->slot].tick.load()}};
  supervisor_.pulse(action.key, pulse, SteadyClock::now());
}

void Parent::act(const LogLine& action) {
  log::write(action.level, "{}", action.text);
}

void Parent::act(const Notify& action) {
  setup_.notifier.send(action.state);
}

void Parent::act(const ShowStatus& action) {
  setup_.notifier.send("STATUS=" + action.text);
  set_process_title("parent " + action.text);
}

// --- The configuration.

// Throws what is wrong with the numbers: the option may have no limits of its own.
std::vector<int> Parent::wanted_workers(const Snapshot& values) const {
  std::vector<int> workers;
  int all = 0;
  for (const ServiceWrapper& wrapper : services_) {
    workers.push_back(workers_of(values, wrapper.options));
    all += workers.back();
  }
  ensure_descriptors_for(all, descriptors_each(values));
  return workers;
}

void Parent::act(const LoadConfig& action) {
  std::vector<int> workers;
  try {
    loaded_ = config_.load();
    loaded_generation_ = action.generation;
    workers = wanted_workers(*loaded_);
    prepare_services();
    if (setup_.hooks.on_reload) setup_.hooks.on_reload(action.generation);
  } catch (...) {
    loaded_.reset();
    supervisor_.config_refused(describe(std::current_exception()), SteadyClock::now());
    return;
  }
  supervisor_.config_loaded(workers, SteadyClock::now());
}

// While they look at it, it is the configuration: what they call may ask for it by any handle.
void Parent::prepare_services() {
  const auto current = config_.snapshot();
  config_.install(loaded_);
  try {
    for (const ServiceWrapper& wrapper : services_) wrapper.service->prepare(*loaded_);
  } catch (...) {
    config_.install(current);
    throw;
  }
  config_.install(current);
}

void Parent::act(const CommitConfig&) {
  before_ = config_.snapshot();
  config_.install(std::exchange(loaded_, nullptr));
  follow_configuration();
}

void Parent::act(const RollBackConfig&) {
  config_.install(std::exchange(before_, nullptr));
  follow_configuration();
}

void Parent::act(const MutateConfig&) {
  config_.mutate(std::exchange(loaded_, nullptr));
  const auto values = config_.snapshot();
  mutation_.reset();
  try {
    mutation_ = file_of(config_.pack(*values));
  } catch (const std::system_error& error) {
    log::error("the configuration cannot be handed over: {}", error.what());  // Workers refuse it.
  }
  follow_configuration();
  supervisor_.set_workers(wanted_workers(*values), SteadyClock::now());
}

void Parent::follow_configuration() {
  log::configure(config_);
  supervisor_.set_limits(limits(config_), SteadyClock::now());
}

// --- The application's hooks.

void Parent::act(const WorkerIsReady& action) {
  call_hook(
      "worker_ready", setup_.hooks.worker_ready,
      WorkerInfo{services_[action.service].name, action.index, action.generation, action.pid});
}

void Parent::act(const WorkerHasEnded& action) {
  const Death& death = action.death;
  call_hook("worker_exited", setup_.hooks.worker_exited,
            WorkerInfo{services_[action.service].name, action.index, action.generation, action.pid},
            WorkerExit{.status = death.status,
                       .signal = death.signal,
                       .core = death.core,
                       .planned = action.planned,
                       .user_time = death.user_time,
                       .system_time = death.system_time,
                       .reason = death.reason});
}

void Parent::act(const StopBegins&) {
  slots_.announce_end();
  call_hook("on_stopping", setup_.hooks.on_stopping);
}

void Parent::act(const Finish& action) {
  call_hook("on_stopped", setup_.hooks.on_stopped, action.status);
  finished_ = action.status;
}

}  // namespace thane::internal
