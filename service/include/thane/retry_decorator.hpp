// Calls a function again after certain exceptions, a little later each time.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include <thane/clock.hpp>

namespace thane {

struct RetryOptions {
  /// How many calls may follow the first one; -1: no limit.
  int max_retry_count = -1;
  /// The sleep before the first retry, and by how much each later sleep is longer.
  Duration inc_sleep_time = std::chrono::seconds{10};
  Duration max_sleep_time = std::chrono::seconds{60};
  std::string name = "function";  ///< Stands in log lines.
};

namespace internal {

/// The state of one invocation.
class Retries {
 public:
  explicit Retries(const RetryOptions& options) : options_(options) {}
  /// To be called while the exception is handled: throws it on if no retry is left.
  void record_failure();
  void sleep() const;

 private:
  const RetryOptions& options_;
  int failures_ = 0;
};

/// True if the exception that is being handled is an Exception.
template <class Exception>
bool handling() {
  try {
    throw;
  } catch (const Exception&) {
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace internal

/// Makes a function that retries out of one that throws. To be called in fibers: it sleeps.
///
///     auto fetch = thane::RetryDecorator<Unreachable, Busy>{{.max_retry_count = 3}}(
///         [&](int id) { return server.fetch(id); });
///     const Item item = fetch(7);          // At most 4 calls, 10, 20 and 30 s apart.
///
/// Exceptions of the types listed (and of types derived from them) are retried after; when no retry
/// is left the last one is thrown on. Any other goes through at once. Each invocation counts its
/// own retries. A kill of the fiber ends the sleep. What is made keeps a copy of the function;
/// arguments are passed on as lvalues, because there may be another call that needs them.
template <class... Exceptions>
class RetryDecorator {
  static_assert(sizeof...(Exceptions) > 0, "list the types of the exceptions to retry after");

 public:
  using Options = RetryOptions;

  RetryDecorator() = default;
  explicit RetryDecorator(Options options) : options_(std::move(options)) {}

  template <class Function>
  [[nodiscard]] auto operator()(Function function) const {
    return [options = options_,
            function = std::move(function)](auto&&... arguments) mutable -> decltype(auto) {
      internal::Retries retries{options};
      for (;;) {
        try {
          return std::invoke(function, arguments...);
        } catch (...) {
          if (!(internal::handling<Exceptions>() || ...)) {
            throw;
          }
          retries.record_failure();
        }
        retries.sleep();  // Outside of the handler: nothing keeps the exception alive.
      }
    };
  }

 private:
  Options options_;
};

}  // namespace thane
