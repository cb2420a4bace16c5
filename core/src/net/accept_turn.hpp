// Which of the processes that share a listening socket takes the next connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <thane/clock.hpp>

namespace thane::internal {

/// How a process stands, as its slot tells it.
struct Standing {
  std::size_t slot = 0;           ///< Which one it is.
  std::int64_t tick = 0;          ///< When its loop last turned.
  std::uint64_t accepted = 0;     ///< Connections, since it started.
  std::uint32_t connections = 0;  ///< Open ones.
};

/// One of them, deciding for itself: it leaves what waits to a peer that has fewer connections, for
/// as long as a peer takes to wake up, and takes what is left then. Nobody is asked and nothing is
/// locked: a peer that hangs costs one such wait, one that has died none.
///
///     before it accepts:         pause = turn.pause(now, own, peers)
///     zero:                      accept
///     else, if one waits:        look again after so long, with new numbers
///     when none waits any more:  turn.queue_was_empty()
///
/// A value without clock or I/O.
class AcceptTurn {
 public:
  /// How long a connection is left to those whose turn it is.
  static constexpr Duration patience = std::chrono::milliseconds{1};
  /// The same if one of them shows no life: it may be waiting for a processor, or for ever.
  static constexpr Duration patience_with_lifeless = std::chrono::milliseconds{15};
  /// Who holds back looks again so often, for each process: it may be its turn meanwhile.
  static constexpr Duration between_looks = std::chrono::microseconds{128};
  /// Those whose turn it was have been late for so long: they cannot keep up, and for a while
  /// everybody takes what there is.
  static constexpr Duration overload = std::chrono::milliseconds{20};
  static constexpr Duration hurry = std::chrono::milliseconds{50};

  /// One connection in so many is no difference.
  static constexpr std::uint32_t tolerance = 16;
  /// Nor are so many that were accepted; and of what is more than so many nothing is remembered.
  static constexpr std::uint64_t least_lead = 4;
  static constexpr std::uint64_t most_lead = 16;
  /// So many open ones are no difference where connections end as fast as they come.
  static constexpr std::uint64_t most_short_lived = 8;
  static constexpr Duration between_samples = std::chrono::milliseconds{4};

  /// Zero: its turn, or nobody else takes it. `peers` are those that accept on the same socket,
  /// itself not among them, always in the same order.
  [[nodiscard]] Duration pause(TimePoint now, const Standing& own, std::span<const Standing> peers);
  /// No connection waits: whoever's turn it was has taken it.
  void queue_was_empty() noexcept;

 private:
  // What is remembered of a process, the own one among them.
  struct Known {
    Standing last;
    std::uint64_t base = 0;             // What it had accepted when the count began,
    std::uint64_t accepted_before = 0;  // and when we began to hold back.
    TimePoint lifeless_since = never;   // It has not moved since we left something to it.
    bool given_up = false;              // We leave it nothing any more; until it moves.

    [[nodiscard]] std::uint64_t taken() const noexcept { return last.accepted - base; }
  };
  struct Sample {
    TimePoint taken_at{};
    std::uint64_t accepted = 0;
    std::uint64_t ended = 0;
  };

  void update(const Standing& own, std::span<const Standing> peers);
  void forget_old_leads() noexcept;
  void count_short_lived(TimePoint now) noexcept;
  [[nodiscard]] bool goes_before_us(const Known& peer) const noexcept;
  [[nodiscard]] bool somebody_accepted() const noexcept;
  [[nodiscard]] TimePoint end_of_patience() const noexcept;
  void begin_to_hold_back(TimePoint now) noexcept;
  void give_up_on_lifeless(TimePoint now) noexcept;

  [[nodiscard]] const Known& own() const noexcept { return known_.front(); }
  [[nodiscard]] std::span<const Known> peers() const noexcept {
    return std::span{known_}.subspan(1);
  }

  std::vector<Known> known_;  // The own one first.
  Sample sample_;
  std::uint32_t short_lived_ = 0;  // Connections that came and went between two samples.
  TimePoint holding_back_since_ = never;
  TimePoint late_since_ = never;  // Connections have waited since, and it was never our turn.
  TimePoint hurried_until_ = TimePoint::min();
};

}  // namespace thane::internal
