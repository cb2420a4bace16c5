#include "time_limit.hpp"

#include <cstdlib>

namespace thane::testing {

using namespace std::chrono_literals;

std::chrono::milliseconds slack() {
  const char* const text = std::getenv("THANE_TEST_SLACK");
  if (text != nullptr) {
    return std::chrono::milliseconds{std::atoi(text)};
  }
  return sanitized ? 2000ms : 300ms;
}

}  // namespace thane::testing
