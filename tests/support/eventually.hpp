// Waiting for a state, with a limit: the only place in the tests where time may pass unseen.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>

namespace thane::testing {

/// Waits that take longer than this fail the test. Ten seconds; THANE_TEST_PATIENCE=SECONDS sets
/// another limit, for sanitizers and loaded machines.
[[nodiscard]] std::chrono::milliseconds patience();

/// Asks again and again, every few milliseconds; false if the answer never was yes.
[[nodiscard]] bool eventually(const std::function<bool()>& predicate);

/// True once no process has this pid any more. A zombie is gone: only its parent can do the rest.
[[nodiscard]] bool eventually_gone(pid_t pid);

/// Lets `duration` pass. For what can only be seen over time: CPU used, lines not printed. A test
/// that is to see something happen waits for that instead.
void observe_for(std::chrono::milliseconds duration);

}  // namespace thane::testing
