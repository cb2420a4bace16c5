// System calls that may not fail: check(::fork(), "fork").
#pragma once

#include <cerrno>

namespace thane {

namespace internal {
[[noreturn]] void throw_errno(int error, const char* call);
}

/// Returns `result`, or throws std::system_error with errno and the name of the call if it is -1.
template <class Result>
Result check(Result result, const char* call) {
  if (result == static_cast<Result>(-1)) {
    internal::throw_errno(errno, call);
  }
  return result;
}

/// The same for a call that a signal may interrupt: repeats it while it fails with EINTR.
///
///     const auto n = check_retry([&] { return ::read(fd, data, size); }, "read");
template <class Call>
auto check_retry(Call call, const char* name) -> decltype(call()) {
  for (;;) {
    const auto result = call();
    if (result != static_cast<decltype(call())>(-1)) {
      return result;
    }
    if (errno != EINTR) {
      internal::throw_errno(errno, name);
    }
  }
}

}  // namespace thane
