#include "shared_turn.hpp"

#include <pthread.h>
#include <sys/mman.h>
#include <time.h>
#include <thane/check.hpp>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <new>

namespace thane::log::internal {

// In memory mapped shared and anonymous: pages that nobody touched cost nothing.
struct SharedTurn::Shared {
  pthread_mutex_t mutex;
  Stream stream;
  std::size_t start;
  std::size_t end;
  bool in_long;
  std::atomic<std::uint64_t> progress;
  std::array<char, max_rest> text;
};

SharedTurn::SharedTurn() : shared_(nullptr) {
  void* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    thane::internal::throw_errno(errno, "mmap");
  }
  shared_ = static_cast<Shared*>(memory);  // All zero: no rest.

  pthread_mutexattr_t attributes;
  ::pthread_mutexattr_init(&attributes);
  ::pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  ::pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  ::pthread_mutex_init(&shared_->mutex, &attributes);
  ::pthread_mutexattr_destroy(&attributes);
}

SharedTurn::~SharedTurn() {
  ::munmap(shared_, sizeof(Shared));
}

bool SharedTurn::take(std::chrono::milliseconds patience) noexcept {
  int error = ::pthread_mutex_trylock(&shared_->mutex);
  if (error == EBUSY && patience.count() > 0) {
    timespec until{};
    ::clock_gettime(CLOCK_MONOTONIC, &until);
    const auto nanoseconds = until.tv_nsec + std::chrono::nanoseconds{patience}.count();
    until.tv_sec += nanoseconds / 1'000'000'000;
    until.tv_nsec = nanoseconds % 1'000'000'000;
    error = ::pthread_mutex_clocklock(&shared_->mutex, CLOCK_MONOTONIC, &until);
  }
  if (error == EOWNERDEAD) {  // Killed in its turn.
    ::pthread_mutex_consistent(&shared_->mutex);
    error = 0;
    recover();
  }
  return error == 0;
}

std::uint64_t SharedTurn::progress() const noexcept {
  return shared_->progress.load(std::memory_order_relaxed);
}

void SharedTurn::count_progress() noexcept {
  shared_->progress.fetch_add(1, std::memory_order_relaxed);
}

void SharedTurn::recover() noexcept {
  if (shared_->in_long) {
    end_long();
    set_rest(shared_->stream, "\n");
  }
}

void SharedTurn::give_back() noexcept {
  ::pthread_mutex_unlock(&shared_->mutex);
}

std::string_view SharedTurn::rest(Stream stream) const noexcept {
  if (!(shared_->stream == stream)) {
    return {};
  }
  return {shared_->text.data() + shared_->start, shared_->end - shared_->start};
}

void SharedTurn::set_rest(Stream stream, std::string_view rest) noexcept {
  const std::size_t size = rest.size() < max_rest ? rest.size() : max_rest;
  shared_->start = shared_->end = 0;
  shared_->stream = stream;
  std::memcpy(shared_->text.data(), rest.data(), size);
  shared_->end = size;  // Last: a writer that is killed half-way leaves no rest, not a wrong one.
}

void SharedTurn::begin_long(Stream stream) noexcept {
  shared_->stream = stream;
  shared_->in_long = true;
}

void SharedTurn::end_long() noexcept {
  shared_->in_long = false;
}

void SharedTurn::skip_rest(std::size_t bytes) noexcept {
  shared_->start += bytes;
}

}  // namespace thane::log::internal
