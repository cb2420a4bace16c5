// Calls that block a thread, made on another thread.
#pragma once

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace thane {

namespace internal {
/// Runs function(argument) on a thread of the loop's pool; blocks the calling fiber until it is
/// done.
void run_on_thread(void (*function)(void*) noexcept, void* argument);
}  // namespace internal

/// Runs `function` on a thread and blocks the calling fiber alone, until it has ended; returns what
/// it returns and rethrows what it throws. For calls that block in the kernel or a library and for
/// long computations: everything else is faster on its fiber (a round trip costs some 10 us).
///
///     const auto addresses = thane::offload([&] { return resolve(host); });
///
/// The function runs beside the fibers: it must not touch what they use, nor call anything of thane
/// but thane::log. It cannot be interrupted: kill() and Timeout wait for it, its result is
/// returned, and they come at the next suspension point. Each loop has at most FiberLoop::Options::
/// offload_threads threads, made when needed; more calls than threads wait for their turn. The
/// threads block no signal, for programs that they execute would inherit that; a signal sent to the
/// process is still handled on the main thread, which the kernel prefers.
template <class Function>
auto offload(Function function) -> std::invoke_result_t<Function&> {
  using Result = std::invoke_result_t<Function&>;
  static_assert(!std::is_reference_v<Result>, "return a value or a pointer");
  struct Empty {};
  struct Call {
    Function function;
    std::exception_ptr error = nullptr;
    std::optional<std::conditional_t<std::is_void_v<Result>, Empty, Result>> result = {};
  } call{std::move(function)};

  internal::run_on_thread(
      [](void* argument) noexcept {
        auto& self = *static_cast<Call*>(argument);
        try {
          if constexpr (std::is_void_v<Result>) {
            self.function();
          } else {
            self.result.emplace(self.function());
          }
        } catch (...) {
          self.error = std::current_exception();
        }
      },
      &call);

  if (call.error != nullptr) {
    std::rethrow_exception(std::exchange(call.error, nullptr));
  }
  if constexpr (!std::is_void_v<Result>) {
    return std::move(*call.result);
  }
}

}  // namespace thane
