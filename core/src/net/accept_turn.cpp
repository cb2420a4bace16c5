#include "accept_turn.hpp"

#include <algorithm>

// A listening socket that several processes share wakes all of them for each connection, and the
// kernel gives it to the first that asks: the one that ran last, mostly. Left alone, one of four
// workers gets nearly all of 64 connections that stay (docs/decisions/0024-fair-accept.md).
//
// Who has fewest open connections goes first. Among equals it is who has accepted fewest, roughly:
// short connections are gone before anybody can count them. All others hold back, for a moment
// only, so that a peer which is stopped, spins or waits for a processor holds nobody up: it is
// given up until its numbers change.
//
// To hold back costs a wake-up. Where connections end as fast as they come they balance by
// themselves, and a difference of a few is let pass.

namespace thane::internal {

Duration AcceptTurn::pause(TimePoint now, const Standing& own, std::span<const Standing> peers) {
  update(own, peers);
  count_short_lived(now);
  const auto goes_first = [this](const Known& peer) { return goes_before_us(peer); };
  if (std::ranges::none_of(this->peers(), goes_first)) {
    queue_was_empty();  // What waits is ours: nobody is late.
    return Duration::zero();
  }
  if (late_since_ == never) {
    late_since_ = now;
  } else if (now - late_since_ >= overload) {
    hurried_until_ = now + hurry;
  }
  if (now < hurried_until_) {
    queue_was_empty();
    return Duration::zero();
  }
  if (holding_back_since_ == never || somebody_accepted()) {
    begin_to_hold_back(now);
  }
  const Duration left = end_of_patience() - now;
  if (left > Duration::zero()) {
    return std::min(left, static_cast<int>(known_.size()) * between_looks);
  }
  give_up_on_lifeless(now);
  holding_back_since_ = never;
  return Duration::zero();
}

void AcceptTurn::queue_was_empty() noexcept {
  holding_back_since_ = never;
  late_since_ = never;
}

// When a process comes, goes or is replaced a new count begins for everybody: else a newcomer,
// which has accepted nothing yet, would have to take everything until it has caught up.
void AcceptTurn::update(const Standing& own, std::span<const Standing> peers) {
  const auto now = [&](std::size_t i) -> const Standing& { return i == 0 ? own : peers[i - 1]; };
  bool same = known_.size() == peers.size() + 1;
  for (std::size_t i = 0; same && i < known_.size(); ++i) {
    same = known_[i].last.slot == now(i).slot && known_[i].last.accepted <= now(i).accepted;
  }
  if (!same) {
    known_.assign(peers.size() + 1, {});
    queue_was_empty();
  }
  for (std::size_t i = 0; i < known_.size(); ++i) {
    Known& known = known_[i];
    if (!same) {
      known.base = now(i).accepted;
    }
    if (known.last.tick != now(i).tick || known.last.accepted != now(i).accepted) {
      known.lifeless_since = never;
      known.given_up = false;
    }
    known.last = now(i);
  }
  forget_old_leads();
}

// Who was far ahead, as in times of hurry, need not stand back until all others have caught up.
void AcceptTurn::forget_old_leads() noexcept {
  std::uint64_t least = own().taken();
  for (const Known& peer : peers()) {
    if (!peer.given_up) {
      least = std::min(least, peer.taken());
    }
  }
  for (Known& known : known_) {
    known.base = std::max(known.base,
                          known.last.accepted - std::min(known.last.accepted, least + most_lead));
  }
}

// Of the time between two samples only, and only if it was short: where many connections ended at
// once the next ones may still be of the kind that stays.
void AcceptTurn::count_short_lived(TimePoint now) noexcept {
  const Duration age = now - sample_.taken_at;
  if (age < between_samples) {
    return;
  }
  const Sample next{now, own().last.accepted, own().last.accepted - own().last.connections};
  short_lived_ = 0;
  if (age < 2 * between_samples && next.ended >= sample_.ended) {
    const std::uint64_t short_lived =
        std::min(next.accepted - sample_.accepted, next.ended - sample_.ended);
    short_lived_ = static_cast<std::uint32_t>(std::min(short_lived, most_short_lived));
  }
  sample_ = next;
}

bool AcceptTurn::goes_before_us(const Known& peer) const noexcept {
  if (peer.given_up) {
    return false;
  }
  const std::uint32_t theirs = peer.last.connections;
  if (own().last.connections > theirs + theirs / tolerance + short_lived_) {
    return true;
  }
  return own().last.connections >= theirs &&
         own().taken() > peer.taken() + least_lead + short_lived_;
}

// Then what waits now came later.
bool AcceptTurn::somebody_accepted() const noexcept {
  return std::ranges::any_of(
      peers(), [](const Known& peer) { return peer.last.accepted != peer.accepted_before; });
}

TimePoint AcceptTurn::end_of_patience() const noexcept {
  TimePoint end = holding_back_since_ + patience;
  for (const Known& peer : peers()) {
    if (peer.lifeless_since != never && goes_before_us(peer)) {
      end = std::max(end, peer.lifeless_since + patience_with_lifeless);
    }
  }
  return end;
}

// Whether a peer lives is seen over more than one connection: others may take each of them sooner
// than our patience with the peer ends.
void AcceptTurn::begin_to_hold_back(TimePoint now) noexcept {
  holding_back_since_ = now;
  for (Known& known : known_) {
    known.accepted_before = known.last.accepted;
    known.lifeless_since = std::min(known.lifeless_since, now);
  }
}

void AcceptTurn::give_up_on_lifeless(TimePoint now) noexcept {
  for (Known& known : known_) {
    known.given_up = known.given_up || (known.lifeless_since != never &&
                                        now - known.lifeless_since >= patience_with_lifeless);
  }
}

}  // namespace thane::internal
