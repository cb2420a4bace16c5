// Lets work in until it is closed, and tells when all that was let in has ended.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <utility>

#include <thane/internal/wait_list.hpp>

namespace thane {

/// Thrown by Gate::hold(), and by what is behind a gate, once it is closed.
class gate_closed_error : public std::runtime_error {
 public:
  gate_closed_error() : std::runtime_error("the gate is closed") {}
};

/// A graceful stop in one type: close the gate, wait for the holders. May be made anywhere, even
/// before fork().
///
///     void serve(Request& request) {
///       const auto holder = gate.hold();          // Throws when the stop has begun.
///       ...
///     }
///     gate.close();
///     gate.wait();                                // Or wait_for(limit); then the deadline acts.
///
/// A holder must not outlive its gate; destroying a gate that is held is an assertion.
class Gate {
 public:
  /// Keeps the gate from being done; may be moved, also into a fiber.
  class Holder {
   public:
    Holder() noexcept = default;
    Holder(Holder&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Holder& operator=(Holder other) noexcept {
      std::swap(gate_, other.gate_);
      return *this;
    }
    ~Holder() {
      if (gate_ != nullptr) {
        gate_->leave();
      }
    }
    explicit operator bool() const noexcept { return gate_ != nullptr; }

   private:
    friend class Gate;
    explicit Holder(Gate* gate) noexcept : gate_(gate) { ++gate_->count_; }
    Gate* gate_ = nullptr;
  };

  Gate() = default;
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  /// Enters. Throws gate_closed_error if it is closed. Never blocks, nor do the next four; none of
  /// them need be called on a fiber.
  [[nodiscard]] Holder hold() {
    if (closed_) {
      throw gate_closed_error{};
    }
    return Holder{this};
  }
  /// Enters, or gives an empty holder if it is closed.
  [[nodiscard]] Holder try_hold() noexcept { return closed_ ? Holder{} : Holder{this}; }

  void close() noexcept { closed_ = true; }
  void reopen() noexcept { closed_ = false; }
  [[nodiscard]] bool closed() const noexcept { return closed_; }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }  ///< Holders there are.

  /// Blocks the calling fiber until no holder is left, whether the gate is open or closed. Throws
  /// fiber_killed and timeout_error.
  void wait() { (void)wait_until(never); }
  /// Whether the last holder left within `limit`.
  [[nodiscard]] bool wait_for(Duration limit) {
    return wait_until(internal::deadline_from_now(limit));
  }

 private:
  bool wait_until(TimePoint deadline);
  void leave() noexcept;

  std::size_t count_ = 0;
  bool closed_ = false;
  internal::WaitList waiters_;
};

}  // namespace thane
