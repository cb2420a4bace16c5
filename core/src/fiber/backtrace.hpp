// The frames of a stack, as addresses and as text.
#pragma once

#include <array>
#include <cstddef>
#include <string>

namespace thane::internal {

/// Where each frame of a stack goes on, innermost first.
struct Backtrace {
  static constexpr std::size_t max_frames = 64;

  std::array<void*, max_frames> frames;
  std::size_t size = 0;

  /// Of the stack that calls it.
  static void capture(void* backtrace) noexcept;
};

/// A line per frame, `    at FUNCTION + 0xOFFSET` or `    at MODULE + 0xOFFSET`, without those of
/// the fiber core that lie above and below every fiber's own.
[[nodiscard]] std::string to_text(const Backtrace& backtrace);

}  // namespace thane::internal
