// Whose turn it is to accept, on numbers made up by hand and on histories of a pretended machine.
#include "net/accept_turn.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>
#include <vector>

using namespace std::chrono_literals;
using thane::Duration;
using thane::TimePoint;
using thane::internal::AcceptTurn;
using thane::internal::Standing;

namespace {

constexpr TimePoint start{1h};

/// One process that is asked, with its peers' numbers to be changed by hand.
struct Asked {
  AcceptTurn turn;
  Standing own{.slot = 0};
  std::vector<Standing> peers{{.slot = 1}, {.slot = 2}};
  TimePoint now = start;

  Duration pause() { return turn.pause(now, own, peers); }
  /// How long it holds back if nothing changes.
  Duration held_back() {
    const TimePoint begin = now;
    while (pause() > 0ms && now - begin < 1s) now += pause();
    return now - begin;
  }
};

TEST_CASE("who has no peers never holds back") {
  Asked asked;
  asked.peers.clear();
  asked.own.connections = 100;
  CHECK(asked.pause() == 0ms);
}

TEST_CASE("who has fewest connections accepts, the others hold back") {
  Asked asked;
  asked.own.connections = 3;
  asked.peers[0].connections = 3;
  asked.peers[1].connections = 4;
  CHECK(asked.pause() == 0ms);

  asked.own.connections = 4;
  CHECK(asked.pause() > 0ms);
}

TEST_CASE("of many connections one more or less is no reason to hold back") {
  Asked asked;
  asked.own.connections = 110;
  for (Standing& peer : asked.peers) peer.connections = 104;
  CHECK(asked.pause() == 0ms);
  asked.own.connections = 111;
  CHECK(asked.pause() > 0ms);
}

TEST_CASE("a peer that lives and does not accept is waited for a millisecond, again and again") {
  Asked asked;
  asked.own.connections = 1;
  asked.peers[1].connections = 1;
  for (int i = 0; i < 3; ++i) {
    CHECK(asked.pause() > 0ms);
    asked.peers[0].tick += 1;
    CHECK(asked.held_back() == AcceptTurn::patience);
    asked.turn.queue_was_empty();
  }
}

TEST_CASE("a peer without life is waited for once, until it lives again") {
  Asked asked;
  asked.own.connections = 1;
  asked.peers[1].connections = 1;
  CHECK(asked.held_back() == AcceptTurn::patience_with_lifeless);
  asked.turn.queue_was_empty();
  CHECK(asked.held_back() == 0ms);

  asked.peers[0].tick += 1;
  CHECK(asked.held_back() == AcceptTurn::patience_with_lifeless);
}

TEST_CASE("when a peer accepts, what waits then is left to others anew") {
  Asked asked;
  asked.own.connections = 9;
  CHECK(asked.pause() > 0ms);
  for (int i = 1; i < 5; ++i) {
    asked.now += AcceptTurn::patience;
    asked.peers[0].tick += 1;
    asked.peers[0].accepted += 1;
    asked.peers[0].connections += 1;
    CHECK(asked.pause() > 0ms);
  }
}

TEST_CASE("peers that cannot keep up are helped without further waits") {
  Asked asked;
  asked.own.connections = 9;
  const auto peers_work = [&] {
    asked.peers[0].tick += 1;
    asked.peers[0].accepted += 1;
    asked.now += 500us;
  };
  while (asked.now - start < AcceptTurn::overload) {
    CHECK(asked.pause() > 0ms);
    peers_work();
  }
  while (asked.now - start < AcceptTurn::overload + AcceptTurn::hurry) {
    CHECK(asked.pause() == 0ms);
    peers_work();
  }
  CHECK(asked.pause() > 0ms);
}

TEST_CASE("among equals who has accepted more holds back, and a few are no difference") {
  Asked asked;
  CHECK(asked.pause() == 0ms);  // The count begins.
  asked.own.accepted = AcceptTurn::least_lead;
  CHECK(asked.pause() == 0ms);
  asked.own.accepted += 1;
  CHECK(asked.pause() > 0ms);
  for (Standing& peer : asked.peers) peer.accepted = 1;
  CHECK(asked.pause() == 0ms);
}

TEST_CASE("who was far ahead is soon one among others again") {
  Asked asked;
  CHECK(asked.pause() == 0ms);
  asked.own.accepted = 10'000;
  CHECK(asked.pause() > 0ms);
  for (Standing& peer : asked.peers) peer.accepted = AcceptTurn::most_lead;
  CHECK(asked.pause() == 0ms);
}

TEST_CASE("a newcomer has not to make up for what others accepted before it came") {
  Asked asked;
  asked.own.accepted = 1000;
  asked.peers = {{.slot = 1, .accepted = 1000}};
  CHECK(asked.pause() == 0ms);

  asked.peers.push_back({.slot = 2});
  CHECK(asked.pause() == 0ms);

  asked.own.accepted += 10;
  asked.peers[0].accepted = 0;  // Another process has its slot.
  CHECK(asked.pause() == 0ms);
}

TEST_CASE("where connections end as fast as they come a few more are let pass") {
  Asked asked;
  asked.own.connections = 2;
  for (int i = 0; i < 10; ++i) {
    asked.now += 1ms;
    for (Standing* process : {&asked.own, &asked.peers[0], &asked.peers[1]}) {
      process->accepted += 2;
    }
    asked.turn.queue_was_empty();
    (void)asked.pause();
  }
  asked.turn.queue_was_empty();
  CHECK(asked.pause() == 0ms);

  asked.now += 20ms;  // Nothing came: it is quiet.
  CHECK(asked.pause() > 0ms);
}

TEST_CASE("the end of many connections at once is no licence") {
  Asked asked;
  asked.own = {.slot = 0, .accepted = 64, .connections = 64};
  for (Standing& peer : asked.peers) peer.accepted = peer.connections = 64;
  CHECK(asked.pause() == 0ms);
  asked.now += 5ms;
  asked.own.connections = 1;
  for (Standing& peer : asked.peers) peer.connections = 0;
  CHECK(asked.pause() > 0ms);
}

// --- Histories.

/// Processes that share one queue. A connection wakes all that sleep, each a little later; who is
/// stopped does not hear it.
class Machine {
 public:
  enum class Kind { stays, ends };

  Machine(std::size_t processes, unsigned seed) : random_(seed), processes_(processes) {
    for (std::size_t i = 0; i < processes; ++i) processes_[i].standing.slot = i;
  }

  void stop(std::size_t process) { processes_[process].stopped = true; }

  /// Clients that come at the same time; returns when all were accepted.
  void arrive(std::size_t count, Kind kind) {
    const TimePoint begin = now_;
    waiting_ = count;
    kind_ = kind;
    for (Process& process : processes_) process.next_look = now_ + wake_up();
    while (waiting_ > 0) step();
    longest_wait = std::max(longest_wait, now_ - begin);
    for (Process& process : processes_) {
      if (!process.stopped) process.turn.queue_was_empty();
    }
    now_ += 50us;
  }

  [[nodiscard]] double uneven(std::uint64_t Standing::*number) const {
    return uneven_of([&](const Process& process) { return process.standing.*number; });
  }
  [[nodiscard]] double uneven_connections() const {
    return uneven_of([](const Process& process) { return process.standing.connections; });
  }

  Duration longest_wait{};

 private:
  struct Process {
    AcceptTurn turn;
    Standing standing;
    TimePoint next_look = start;
    bool stopped = false;
  };

  template <class Number>
  [[nodiscard]] double uneven_of(const Number& number) const {
    const auto [least, most] = std::ranges::minmax(
        processes_, {}, [&](const Process& process) { return number(process); });
    return static_cast<double>(number(most)) / static_cast<double>(number(least));
  }

  Duration wake_up() {
    return std::chrono::microseconds{std::uniform_int_distribution{20, 200}(random_)};
  }

  void step() {
    const auto next = std::ranges::min_element(processes_, {}, [](const Process& process) {
      return process.stopped ? thane::never : process.next_look;
    });
    now_ = std::max(now_, next->next_look);
    next->standing.tick = now_.time_since_epoch() / 4ms;
    std::vector<Standing> peers;
    for (const Process& process : processes_) {
      if (&process != &*next) peers.push_back(process.standing);
    }
    const Duration pause = next->turn.pause(now_, next->standing, peers);
    if (pause > 0ms) {
      next->next_look = now_ + pause + wake_up() / 4;
      return;
    }
    --waiting_;
    ++next->standing.accepted;
    if (kind_ == Kind::stays) ++next->standing.connections;
    next->next_look = now_ + 10us;
  }

  std::mt19937 random_;
  std::vector<Process> processes_;
  TimePoint now_ = start;
  std::size_t waiting_ = 0;
  Kind kind_ = Kind::ends;
};

TEST_CASE("connections that stay are spread evenly, one by one and all at once") {
  for (unsigned seed = 0; seed < 20; ++seed) {
    Machine machine{4, seed};
    for (int i = 0; i < 64; ++i) machine.arrive(1, Machine::Kind::stays);
    CHECK(machine.uneven_connections() <= 1.15);
    CHECK(machine.longest_wait < AcceptTurn::patience_with_lifeless + 1ms);

    machine.arrive(64, Machine::Kind::stays);
    CHECK(machine.uneven_connections() <= 1.15);
    CHECK(machine.longest_wait < 30ms);
  }
}

TEST_CASE("connections that come and go are spread evenly") {
  for (unsigned seed = 0; seed < 20; ++seed) {
    Machine machine{4, seed};
    for (int i = 0; i < 1000; ++i) machine.arrive(1, Machine::Kind::ends);
    CHECK(machine.uneven(&Standing::accepted) <= 1.15);
  }
}

TEST_CASE("a process that is stopped delays few connections, and those for milliseconds") {
  for (unsigned seed = 0; seed < 20; ++seed) {
    Machine machine{4, seed};
    for (int i = 0; i < 40; ++i) machine.arrive(1, Machine::Kind::stays);
    machine.stop(2);
    int delayed = 0;
    for (int i = 0; i < 40; ++i) {
      machine.longest_wait = {};
      machine.arrive(1, Machine::Kind::stays);
      CHECK(machine.longest_wait < AcceptTurn::patience_with_lifeless + 1ms);
      if (machine.longest_wait > 1ms) ++delayed;
    }
    CHECK(delayed <= 6);
  }
}

}  // namespace
