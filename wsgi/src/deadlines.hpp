// Time limits of many connections, without a timer for each.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include <thane/clock.hpp>

#include "transport.hpp"

namespace thane::wsgi::internal {

class Deadlines;

/// What can be late. Known to at most one Deadlines; leaves it when destroyed.
class Limited {
 public:
  Limited() = default;
  virtual ~Limited();
  Limited(const Limited&) = delete;
  Limited& operator=(const Limited&) = delete;

  /// Its time is over. Called once for each time that was armed.
  virtual void on_deadline() = 0;
  /// It has waited for a while; see Deadlines::settle().
  virtual void on_long_wait() {}

 private:
  friend class Deadlines;
  void unlink() noexcept;

  TimePoint since_{};           // When it began to wait.
  TimePoint deadline_ = never;  // What counts.
  TimePoint filed_ = never;     // Its place in a list: not after deadline_.
  Waiting waiting_ = Waiting::nothing;
  Limited* previous_ = nullptr;
  Limited* next_ = nullptr;
  Deadlines* unsettled_in_ = nullptr;
  std::size_t unsettled_at_ = 0;
};

/// One list for each kind of waiting. All limits of a kind are equally long, so that the lists are
/// in order of time by themselves, and no heap is needed. Nor are the lists touched for each
/// request: a deadline that moves into the future is only noted, and filed anew when the old one is
/// reached.
class Deadlines {
 public:
  static constexpr std::size_t kinds = static_cast<std::size_t>(Waiting::close) + 1;

  Deadlines();
  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;

  /// How long `kind` may last; zero: for ever. What is armed already keeps its deadline.
  void set_limit(Waiting kind, Duration limit);

  /// From now on `one` waits for `kind`; what it waited for before is forgotten.
  void arm(Limited& one, Waiting kind, TimePoint now);
  void disarm(Limited& one) noexcept {
    one.waiting_ = Waiting::nothing;
    one.deadline_ = never;
  }

  /// Calls on_deadline() of all that are late. Any of them may arm or destroy others meanwhile.
  void expire(TimePoint now);
  /// The same for all that have waited for `kind` since `before` or longer, late or not.
  void expire_all(Waiting kind, TimePoint before = never);
  /// The same for the one of them that has waited longest; false if there is none.
  bool expire_longest(Waiting kind);
  [[nodiscard]] bool any(Waiting kind) const noexcept { return longest(kind) != nullptr; }

  /// Calls on_long_wait() of those that have waited since `before` or longer, `most` of them and
  /// once for each wait; false: there may be more.
  bool settle(TimePoint before, std::size_t most);

  /// No deadline is before this; `never` if there is none.
  [[nodiscard]] TimePoint earliest() const noexcept;

 private:
  friend class Limited;
  struct Head final : Limited {
    void on_deadline() override {}
  };
  void file(Limited& one);
  void note_unsettled(Limited& one);
  void forget_unsettled(Limited& one) noexcept;
  [[nodiscard]] Limited* longest(Waiting kind) const noexcept;
  static void append(Limited& ring, Limited& one) noexcept;

  std::array<Head, kinds> lists_;  // Rings; the head stands before the first and after the last.
  std::array<Duration, kinds> limits_{};
  // Those that have been at work since on_long_wait(). Not the others: ten thousand that wait for
  // minutes cost a look nothing.
  std::vector<Limited*> unsettled_;
};

}  // namespace thane::wsgi::internal
