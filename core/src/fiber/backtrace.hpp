// The frames of a stack, as addresses and as text.
#pragma once

#include <ucontext.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "diagnostics/symbolizer.hpp"
#include "stack_switch.hpp"

namespace thane::internal {

/// Where the functions of a stack are, innermost first. Capturing allocates nothing and takes no
/// lock, so that it may be done in a signal handler.
class Backtrace {
 public:
  static constexpr std::size_t max_frames = 64;

  /// An address inside of the function's call, or of what was interrupted; and how often it follows
  /// itself, for recursion is what uses up a stack.
  struct Frame {
    std::uintptr_t address;
    std::size_t times;
  };

  /// Of the stack that calls it; `backtrace` is one.
  static void capture(void* backtrace) noexcept;

  /// In a signal handler on a stack of its own: of what the signal has interrupted. A stack that
  /// cannot be followed further ends there.
  void capture_interrupted(const ucontext_t& interrupted) noexcept;
  /// The same for an access to this address, which may have been a call of what is no function.
  void capture_crashed(ucontext_t& interrupted, const void* fault) noexcept;
  /// In such a handler: of a fiber that is suspended. None where this machine's layout of a
  /// suspended fiber is not known.
  void capture_suspended(ucontext_t& interrupted, const StackSwitch& suspended) noexcept;

  void clear() noexcept { size_ = 0; }
  [[nodiscard]] std::span<const Frame> frames() const noexcept { return {frames_.data(), size_}; }

 private:
  struct Walk;
  void walk(std::optional<std::uintptr_t> begin) noexcept;
  void add(std::uintptr_t address) noexcept;

  std::array<Frame, max_frames> frames_;
  std::size_t size_ = 0;
};

/// The text of a frame, `at FUNCTION + 0xOFFSET (MODULE+0xADDRESS)` or `at MODULE + 0xADDRESS`,
/// after four blanks. Empty for those of the fiber core that lie above and below every fiber's own.
[[nodiscard]] std::string_view describe_frame(const Backtrace::Frame& frame, Symbolizer& symbolizer,
                                              std::span<char> out) noexcept;

/// A line per frame.
[[nodiscard]] std::string to_text(const Backtrace& backtrace);

}  // namespace thane::internal
