#include "offload_pool.hpp"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <utility>

#include <thane/check.hpp>
#include <thane/offload.hpp>

#include "diagnostics/alternate_stack.hpp"
#include "loop_impl.hpp"

namespace thane::internal {

void OffloadPool::Jobs::push(Job& job) noexcept {
  job.next = nullptr;
  (last != nullptr ? last->next : first) = &job;
  last = &job;
}

OffloadPool::Job* OffloadPool::Jobs::pop() noexcept {
  Job* job = first;
  if (job != nullptr) {
    first = job->next;
    if (first == nullptr) {
      last = nullptr;
    }
  }
  return job;
}

OffloadPool::OffloadPool(SocketPoll& sockets, std::size_t max_threads)
    : sockets_(sockets),
      bell_(check(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")),
      ticket_(sockets.add(bell_.get(), EPOLLIN | EPOLLET, *this)),
      max_threads_(max_threads) {}

OffloadPool::~OffloadPool() {
  {
    const std::lock_guard lock{mutex_};
    stop_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) {
    thread.join();
  }
  sockets_.forget(ticket_);
}

void OffloadPool::start(Job& job) {
  bool all_busy = false;
  {
    const std::lock_guard lock{mutex_};
    all_busy = idle_ <= waiting_;
  }
  if (all_busy && threads_.size() < max_threads_) {
    add_thread();
  }
  {
    const std::lock_guard lock{mutex_};
    queued_.push(job);
    ++waiting_;
  }
  wake_.notify_one();
}

void OffloadPool::add_thread() {
  // The thread blocks no signal: a program that it executes would inherit the mask, deaf to TERM.
  // Signals to the process still go to the main thread, which the kernel prefers.
  try {
    threads_.emplace_back([this] { work(); });
  } catch (...) {
    if (threads_.empty()) {
      throw;  // Else those there are will do.
    }
  }
}

void OffloadPool::work() {
  ::pthread_setname_np(::pthread_self(), "offload");  // As reports of crashes call it.
  const AlternateStack alternate_stack;
  std::unique_lock lock{mutex_};
  for (;;) {
    ++idle_;
    wake_.wait(lock, [this] { return stop_ || queued_.first != nullptr; });
    --idle_;
    Job* job = queued_.pop();
    if (job == nullptr) {
      return;
    }
    --waiting_;
    lock.unlock();
    job->function(job->argument);
    lock.lock();
    finished(*job);
  }
}

// With the mutex held. One event for all that finish before the loop gets to it.
void OffloadPool::finished(Job& job) noexcept {
  const bool first = finished_.first == nullptr;
  finished_.push(job);
  if (first) {
    static_cast<void>(::eventfd_write(bell_.get(), 1));
  }
}

void OffloadPool::on_events(std::uint32_t) noexcept {
  Jobs jobs;
  {
    const std::lock_guard lock{mutex_};
    jobs = std::exchange(finished_, {});
  }
  while (Job* job = jobs.pop()) {  // Popped first: the frame it lives in goes when its fiber runs.
    job->fiber.loop.offload_ended();
    job->fiber.loop.resume_at_once(job->fiber);
  }
}

void run_on_thread(void (*function)(void*) noexcept, void* argument) {
  FiberContext& fiber = FiberContext::self();
  fiber.check_interrupt();
  OffloadPool::Job job{function, argument, fiber};
  fiber.loop.offload(job);
  fiber.suspend(job);
}

}  // namespace thane::internal
