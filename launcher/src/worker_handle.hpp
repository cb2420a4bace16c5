// A worker process as its parent sees it. What the worker itself does is in worker.hpp.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>

#include <thane/unique_fd.hpp>

#include "supervisor_types.hpp"

namespace thane::internal {

/// The parent's hold on one worker: pidfd and channel. The pid is never used to signal or to wait:
/// it may belong to somebody else by the time it is.
struct WorkerHandle {
  pid_t pid = -1;
  UniqueFd pidfd;           // Readable once the worker has ended.
  UniqueFd channel;         // What the worker has to say; it learns here that its parent is gone.
  std::size_t slot = 0;     // In the SlotTable.
  std::string reason = {};  // Why it ends, if it has said so.

  /// No error if it has ended meanwhile.
  void signal(int number) const;

  /// Kills and reaps it on the spot: one that could not be taken care of.
  void destroy() const;

  /// Reaps the worker if it has ended, once; only ever this process. If somebody else in this
  /// process has taken its status already, that is given as status 255.
  [[nodiscard]] std::optional<Death> reap() const;
};

/// What a fork gives to either side. In the worker `handle.pid` is 0 and `channel_in_worker` is
/// set.
struct Fork {
  WorkerHandle handle;
  UniqueFd channel_in_worker;
};

/// Forks by the rules: one thread, all signals blocked, a channel that both close on exec,
/// PDEATHSIG set in the child and the parent's life re-checked. Throws std::system_error if the
/// machine refuses, std::logic_error if a second thread exists. In the child signals are still
/// blocked on return.
[[nodiscard]] Fork fork_worker();

}  // namespace thane::internal
