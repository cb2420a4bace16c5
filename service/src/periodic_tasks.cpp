#include <thane/periodic_tasks.hpp>

#include <algorithm>
#include <random>
#include <stdexcept>

#include <thane/fiber_loop.hpp>
#include <thane/log.hpp>

#include <thane/internal/describe_exception.hpp>
#include "periodic_schedule.hpp"

namespace thane {

struct PeriodicTasks::Task {
  std::string name;
  std::function<void()> run;
  internal::PeriodicSlot slot;
  bool run_immediately;
  bool external_process_ok;
};

OptGroup periodic_task_options() {
  return {"DEFAULT",
          {Opt<bool>{.name = "run_external_periodic_tasks",
                     .default_value = true,
                     .help = "Run periodic tasks here that another process could run as well."}}};
}

PeriodicTasks::PeriodicTasks() : PeriodicTasks(Options{}) {}
PeriodicTasks::PeriodicTasks(Options options) : options_(std::move(options)) {}
PeriodicTasks::~PeriodicTasks() = default;

void PeriodicTasks::add_periodic_task(std::string name, std::function<void()> task,
                                      const TaskOptions& options) {
  if (options.spacing < Duration::zero()) {
    log::info("Skipping periodic task {} because its interval is negative", name);
    return;
  }
  if (!options.enabled) {
    log::info("Skipping periodic task {} because it is disabled", name);
    return;
  }
  for (const auto& other : tasks_) {
    if (other->name == name) {
      throw std::invalid_argument("periodic task '" + name + "' is in the list already");
    }
  }

  const bool no_spacing = options.spacing == Duration::zero();
  const internal::PeriodicSlot slot{no_spacing ? default_interval : options.spacing};
  tasks_.push_back(
      std::make_shared<Task>(Task{std::move(name), std::move(task), slot, options.run_immediately,
                                  options.external_process_ok}));
  if (begun_ && !options.run_immediately) {
    tasks_.back()->slot.count_from(FiberLoop::current().now());
  }
}

Duration PeriodicTasks::run_periodic_tasks(OnError on_error) {
  const FiberLoop& loop = FiberLoop::current();
  if (!begun_) {
    begun_ = true;
    // Only now, in the worker: the object may have been made in the parent, hours ago.
    if (!options_.random) {
      options_.random = [engine = std::mt19937_64{std::random_device{}()}]() mutable {
        return std::uniform_real_distribution<double>{0, 1}(engine);
      };
    }
    for (const auto& task : tasks_) {
      if (!task->run_immediately) {
        task->slot.count_from(loop.now());
      }
    }
  }

  Duration idle = default_interval;
  const auto runs_here = [this](const Task& task) {
    return options_.run_external_periodic_tasks || !task.external_process_ok;
  };
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    const std::shared_ptr<Task> task = tasks_[i];  // A task may add others and move the list.
    if (!runs_here(*task) || !task->slot.due(loop.now())) {
      continue;
    }
    log::debug("Running periodic task {}.{}", options_.name, task->name);
    task->slot.record_run(loop.now(), options_.random());
    try {
      task->run();
    } catch (const fiber_killed&) {
      throw;
    } catch (...) {
      if (on_error == OnError::raise) {
        throw;
      }
      log::error("Error during {}.{}: {}", options_.name, task->name,
                 internal::describe(std::current_exception()));
    }
    this_fiber::yield();
  }
  for (const auto& task : tasks_) {
    if (runs_here(*task)) {
      idle = std::min(idle, task->slot.idle(loop.now()));
    }
  }
  return idle;
}

}  // namespace thane
