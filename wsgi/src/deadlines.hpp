// Time limits of many connections, without a timer for each.
#pragma once

#include <array>
#include <cstddef>

#include <thane/clock.hpp>

#include "transport.hpp"

namespace thane::wsgi::internal {

class Deadlines;

/// What can be late. In at most one list of one Deadlines; leaves it when destroyed.
class Limited {
 public:
  Limited() = default;
  Limited(const Limited&) = delete;
  Limited& operator=(const Limited&) = delete;

  [[nodiscard]] Waiting waiting() const noexcept { return waiting_; }

  /// Its time is over. Called once; it is out of the list by then.
  virtual void on_deadline() = 0;

 protected:
  virtual ~Limited() { unlink(); }

 private:
  friend class Deadlines;
  void unlink() noexcept;

  Limited* previous_ = nullptr;
  Limited* next_ = nullptr;
  TimePoint deadline_ = never;
  Waiting waiting_ = Waiting::nothing;
};

/// One list for each kind of waiting. All limits of a kind are equally long, so that the lists are
/// in order of time by themselves: to set a limit costs a few pointers, however many connections
/// there are.
class Deadlines {
 public:
  static constexpr std::size_t kinds = static_cast<std::size_t>(Waiting::close) + 1;

  Deadlines();
  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;

  /// How long `kind` may last; zero: for ever.
  void set_limit(Waiting kind, Duration limit);

  /// Moves `one` to the list of `kind`. Waiting::nothing has no list.
  void arm(Limited& one, Waiting kind, TimePoint now);

  /// Calls on_deadline() of all that are late.
  void expire(TimePoint now);
  /// The same for all that wait for `kind`, late or not.
  void expire_all(Waiting kind);

  /// The first deadline of all; `never` if there is none.
  [[nodiscard]] TimePoint earliest() const noexcept;

 private:
  struct Head final : Limited {
    void on_deadline() override {}
  };
  static void expire_front(Head& list);

  std::array<Head, kinds> lists_;  // Rings; the head stands before the first and after the last.
  std::array<Duration, kinds> limits_{};
};

}  // namespace thane::wsgi::internal
