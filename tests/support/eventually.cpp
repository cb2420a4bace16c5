#include "eventually.hpp"

#include <cstdlib>
#include <thread>

#include "process_info.hpp"

namespace thane::testing {

using namespace std::chrono_literals;

std::chrono::milliseconds patience() {
  static const std::chrono::milliseconds limit = [] {
    const char* text = std::getenv("THANE_TEST_PATIENCE");
    const int seconds = text == nullptr ? 0 : std::atoi(text);
    return seconds > 0 ? std::chrono::seconds{seconds} : 10s;
  }();
  return limit;
}

bool eventually(const std::function<bool()>& predicate) {
  const auto deadline = std::chrono::steady_clock::now() + patience();
  while (!predicate()) {
    if (std::chrono::steady_clock::now() > deadline) {
      return predicate();  // Once more: a loaded machine may have kept us from asking.
    }
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

bool eventually_gone(pid_t pid) {
  return eventually([pid] { return !alive(pid); });
}

void observe_for(std::chrono::milliseconds duration) {
  std::this_thread::sleep_for(duration);
}

}  // namespace thane::testing
