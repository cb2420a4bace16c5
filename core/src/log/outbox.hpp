// What happens to log lines when their reader is slow, stuck or gone.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "sink.hpp"

namespace thane::log::internal {

/// Hands lines to a sink in order. While the sink takes nothing they wait here, up to a limit; past
/// it they are dropped and counted, and one line tells how many as soon as lines flow again.
///
/// A sink that is full is waited for once, for `patience`: a live reader needs less, so that a
/// burst is written whole. Then it counts as stuck, and nobody waits again until it took a line.
class Outbox {
 public:
  struct Limits {
    std::size_t bytes = std::size_t{256} * 1024;  ///< Of waiting lines.
    std::chrono::milliseconds patience{100};
    std::chrono::milliseconds longest_wait{1000};
  };
  /// Makes the line that reports `count` dropped ones.
  using Report = std::function<std::string(std::size_t count)>;

  Outbox(std::unique_ptr<Sink> sink, Report report, Limits limits);

  void send(std::string_view line);
  /// Writes what waits. A sink that is full is waited for once more, even if it counts as stuck.
  void flush();

  /// In a process just forked: what waits is the parent's to write.
  void forget() noexcept;
  /// The following lines go to `sink`, those that wait as well.
  void replace(std::unique_ptr<Sink> sink) noexcept;

  [[nodiscard]] bool is_journal() const noexcept { return sink_->is_journal(); }
  [[nodiscard]] int emergency_fd() const noexcept { return sink_->emergency_fd(); }
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }
  [[nodiscard]] std::size_t dropped() const noexcept { return dropped_; }

 private:
  Put put_patiently(std::string_view line);
  bool send_waiting();
  bool send_report();
  void keep(std::string_view line);

  std::unique_ptr<Sink> sink_;
  Report report_;
  Limits limits_;
  std::deque<std::string> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::size_t dropped_ = 0;
  bool stuck_ = false;
};

}  // namespace thane::log::internal
