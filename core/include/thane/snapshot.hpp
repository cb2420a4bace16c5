// One immutable set of option values, and where each came from.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <thane/clock.hpp>

namespace thane {

namespace internal {
class OptRegistry;
struct Resolved;
}  // namespace internal

/// The values of all options at one moment. Never changes, so it may be read on any thread; lives
/// as long as somebody holds it:
///
///     const auto values = config.snapshot();       // What happens to config now is not seen here.
///     const std::string& host = values->get<std::string>("web.host");
///     const int port = values->get<int>("web.port");
class Snapshot {
 public:
  /// Long values are given by reference, for as long as the snapshot lives.
  template <class T>
  using Result =
      std::conditional_t<std::is_class_v<T> && !std::is_trivially_copyable_v<T>, const T&, T>;

  /// The value of option "name" or "group.name": one hash look-up, no allocation. T is the type of
  /// the option; a duration may also be read in a finer unit (thane::Duration fits every one).
  /// Throws std::out_of_range if there is no such option, std::invalid_argument if it has another
  /// type: both are bugs of the program.
  template <class T>
  [[nodiscard]] Result<T> get(std::string_view name) const;

  struct Entry {
    std::string name;    ///< "name" or "group.name".
    std::string text;    ///< As it would stand in a file; "***" if it is secret.
    std::string origin;  ///< "app.conf:12", "command line", "environment THANE_X", "default".
  };
  /// All of them, sorted by group, DEFAULT first, and then in the order of registration.
  [[nodiscard]] std::vector<Entry> entries() const;

  // Made by Config alone.
  Snapshot(std::shared_ptr<const internal::OptRegistry> registry,
           std::unique_ptr<const internal::Resolved> resolved);
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

 private:
  friend class Config;
  std::shared_ptr<const internal::OptRegistry> registry_;
  std::unique_ptr<const internal::Resolved> resolved_;
};

}  // namespace thane
