#include "threads.hpp"

#include <dirent.h>

#include <memory>

namespace thane::internal {

namespace {

int count_threads() {
  const std::unique_ptr<DIR, int (*)(DIR*)> tasks{::opendir("/proc/self/task"), ::closedir};
  int threads = 0;
  while (tasks && ::readdir(tasks.get()) != nullptr) {
    ++threads;
  }
  return threads - 2;  // "." and ".."
}

#if defined(__SANITIZE_THREAD__)
constexpr int threads_of_a_program = 2;  // ThreadSanitizer's own takes care of itself.
#else
constexpr int threads_of_a_program = 1;
#endif

}  // namespace

bool has_second_thread() {
  return count_threads() > threads_of_a_program;
}

}  // namespace thane::internal
