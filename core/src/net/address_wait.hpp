// Waiting for an address that another socket has still: that of a predecessor which is about to
// end.
#pragma once

#include <chrono>
#include <string>
#include <system_error>
#include <utility>

#include <thane/clock.hpp>
#include <thane/unique_fd.hpp>

namespace thane::internal {

/// An address cannot be bound because another socket has it.
class address_taken_error : public std::system_error {
 public:
  explicit address_taken_error(std::string address);

  [[nodiscard]] const std::string& address() const noexcept { return address_; }

 private:
  std::string address_;
};

/// Blocks the thread between two attempts: to be used before there is a loop. TERM, INT and QUIT
/// end the wait, also those that a launcher holds back already; they are left for it.
class AddressWait {
 public:
  explicit AddressWait(std::chrono::milliseconds limit);

  /// Returns when it is time for another attempt. Throws std::system_error when the limit is over,
  /// saying so, or when a signal has come. With a limit of zero it throws `error`.
  void wait(const address_taken_error& error);

 private:
  std::chrono::milliseconds limit_;
  TimePoint deadline_;
  UniqueFd held_back_;  // Readable when one of those signals is pending.
};

/// What `bind` returns, which is tried again while it throws address_taken_error.
template <class Bind>
auto bind_patiently(std::chrono::milliseconds limit, Bind bind) {
  for (AddressWait patience{limit};;) {
    try {
      return bind();
    } catch (const address_taken_error& error) {
      patience.wait(error);
    }
  }
}

}  // namespace thane::internal
