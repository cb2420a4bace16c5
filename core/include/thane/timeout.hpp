// A limit on the time that a scope may take.
#pragma once

#include <memory>
#include <stdexcept>

#include <thane/clock.hpp>

namespace thane {

namespace internal {
class TimeoutScope;
}

/// Thrown in a fiber whose Timeout is over. what() says how long it was.
class timeout_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws timeout_error out of the suspension point that the calling fiber is at when `limit` is
/// over, or out of the next one if it is running then: once, so that a handler may suspend.
///
///     thane::Timeout limit{2s};
///     try {
///       answer = ask();                      // Whatever it does in there, it takes 2 s at most.
///     } catch (const thane::timeout_error&) {
///       if (!limit.expired()) throw;         // An outer scope's: let it pass.
///       answer = nothing;
///     }
///
/// Scopes nest, as frames do; when several are over, the outermost one throws. To be made on a
/// fiber and destroyed on it, innermost first. A limit of zero is over at once; Duration::max()
/// never. Below this_fiber::Mask nothing is thrown; what is due comes after it.
class Timeout {
 public:
  explicit Timeout(Duration limit);
  ~Timeout();
  Timeout(const Timeout&) = delete;
  Timeout& operator=(const Timeout&) = delete;

  /// Whether the time of this very scope is over.
  [[nodiscard]] bool expired() const noexcept;

 private:
  std::unique_ptr<internal::TimeoutScope> scope_;
};

}  // namespace thane
