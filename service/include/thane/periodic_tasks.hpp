// Chores, each at its own spacing, run one after another by one fiber.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <thane/clock.hpp>
#include <thane/opt.hpp>

namespace thane {

/// The option `run_external_periodic_tasks` of group DEFAULT (true), for
/// Config::from_command_line().
[[nodiscard]] OptGroup periodic_task_options();

/// One list of periodic tasks.
///
///     class Chores final : public thane::Service {
///      public:
///       Chores() {
///         tasks_.add_periodic_task("expire", [this] { expire(); }, {.spacing = 30s});
///         tasks_.add_periodic_task("report", [] { thane::log::info("alive"); });
///       }
///       void start() override {
///         group().add_dynamic_timer([this] { return tasks_.run_periodic_tasks(); });
///       }
///
///      private:
///       thane::PeriodicTasks tasks_{{.name = "chores"}};
///     };
///
/// The list belongs to the object: two objects share nothing. May be constructed and filled before
/// fork(); run_periodic_tasks() belongs on a fiber. A task keeps to a grid that begins with its
/// first run: one that was late does not push the later ones back, slots that were missed are
/// skipped. From spacings of 20 s up, each run moves the grid on by a random 0 to 5 %, in whole
/// seconds, so that the processes of a machine do not run their chores in step.
class PeriodicTasks {
 public:
  /// The spacing of a task that names none, and the longest idle time.
  static constexpr Duration default_interval = std::chrono::seconds{60};

  struct Options {
    /// False: tasks with external_process_ok are left to another process. Usually
    /// config.get<bool>("run_external_periodic_tasks").
    bool run_external_periodic_tasks = true;
    std::string name = "PeriodicTasks";  ///< Stands before task names in log lines.
    /// From [0, 1), for the jitter; none: a generator seeded at the first run.
    std::function<double()> random{};
  };

  struct TaskOptions {
    Duration spacing = Duration::zero();  ///< Zero: default_interval. Negative: not added.
    bool run_immediately = false;         ///< Runs at the first turn, not one spacing after it.
    bool enabled = true;                  ///< False: not added.
    bool external_process_ok = false;
  };

  /// What an exception out of a task does.
  enum class OnError {
    log,    ///< It is logged and the other tasks run.
    raise,  ///< It goes through; later tasks wait for the next turn.
  };

  PeriodicTasks();
  explicit PeriodicTasks(Options options);
  ~PeriodicTasks();
  PeriodicTasks(const PeriodicTasks&) = delete;
  PeriodicTasks& operator=(const PeriodicTasks&) = delete;

  /// Adds a task behind those there are; also from within a task. Logs why and adds nothing if it
  /// is disabled or its spacing negative. Throws std::invalid_argument if the name is taken.
  void add_periodic_task(std::string name, std::function<void()> task, const TaskOptions& options);
  void add_periodic_task(std::string name, std::function<void()> task) {
    add_periodic_task(std::move(name), std::move(task), TaskOptions{});
  }

  /// Runs every task that is due, in the order in which they were added, and lets other fibers run
  /// between them. Returns how long there is nothing to do: at most default_interval, and zero if a
  /// task became due meanwhile. Spacings count from the first call on, those of tasks added later
  /// from when they were added.
  Duration run_periodic_tasks(OnError on_error = OnError::log);

  [[nodiscard]] std::size_t size() const noexcept { return tasks_.size(); }

 private:
  struct Task;
  Options options_;
  bool begun_ = false;
  std::vector<std::shared_ptr<Task>> tasks_;
};

}  // namespace thane
