// What std::terminate() was called for, for those who report the end that it leads to.
#pragma once

#include <exception>
#include <string_view>

namespace thane::internal {

/// While one exists, std::terminate() notes the exception, then does what it did before.
class TerminateNote {
 public:
  TerminateNote() noexcept;
  ~TerminateNote();
  TerminateNote(const TerminateNote&) = delete;
  TerminateNote& operator=(const TerminateNote&) = delete;
};

/// `uncaught exception std::runtime_error: WHAT`, or empty: std::terminate() was not called. Safe
/// in signal handlers.
[[nodiscard]] std::string_view terminate_note() noexcept;

}  // namespace thane::internal
