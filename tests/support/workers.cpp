#include "workers.hpp"

#include <linux/kcmp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include <thane/check.hpp>

namespace thane::testing {

std::vector<pid_t> expect_ready(ChildProcess& parent, int count) {
  std::vector<pid_t> pids;
  for (int i = 0; i < count; ++i) {
    pids.push_back(parent.expect_pid("worker " + std::to_string(i) + " ready pid="));
  }
  return pids;
}

int repeated(int usual) {
  const char* const factor = std::getenv("THANE_TEST_REPEAT");
  return factor == nullptr ? usual : usual * std::atoi(factor);
}

bool same_open_file(pid_t one, int fd_of_one, pid_t other, int fd_of_other) {
  // 0: the same; 1 or 2: which of two sorts first.
  return check(::syscall(SYS_kcmp, one, other, KCMP_FILE, fd_of_one, fd_of_other), "kcmp") == 0;
}

}  // namespace thane::testing
