// The threads of one loop that run what would block it.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

#include <thane/internal/watcher.hpp>
#include <thane/unique_fd.hpp>

#include "fiber_context.hpp"
#include "net/socket_poll.hpp"

namespace thane::internal {

/// Made on the loop's thread; its threads are made one by one, when all others are busy.
class OffloadPool : private Watcher {
 public:
  /// One call; lives in the frame of the fiber that waits for it.
  struct Job : Wait {
    Job(void (*call)(void*) noexcept, void* call_argument, FiberContext& waiter) noexcept
        : Wait{"offload"}, function(call), argument(call_argument), fiber(waiter) {}

    void (*function)(void*) noexcept;
    void* argument;
    FiberContext& fiber;
    Job* next = nullptr;
  };

  OffloadPool(SocketPoll& sockets, std::size_t max_threads);
  ~OffloadPool() override;  ///< No job may be outstanding.
  OffloadPool(const OffloadPool&) = delete;
  OffloadPool& operator=(const OffloadPool&) = delete;

  /// Queues the job. When it is done its fiber is resumed by the loop.
  void start(Job& job);

 private:
  struct Jobs {  // First in, first out.
    Job* first = nullptr;
    Job* last = nullptr;
    void push(Job& job) noexcept;
    Job* pop() noexcept;
  };

  void add_thread();
  void work();
  void finished(Job& job) noexcept;
  void on_events(std::uint32_t events) noexcept override;
  void on_poll_gone() noexcept override {}

  SocketPoll& sockets_;
  UniqueFd bell_;  // An eventfd that is never read: each write is an event.
  SocketPoll::Ticket ticket_;
  const std::size_t max_threads_;
  std::vector<std::thread> threads_;  // The loop's thread alone touches it.

  std::mutex mutex_;  // Guards what follows.
  std::condition_variable wake_;
  Jobs queued_;
  Jobs finished_;
  std::size_t idle_ = 0;
  std::size_t waiting_ = 0;  // Length of queued_.
  bool stop_ = false;
};

}  // namespace thane::internal
