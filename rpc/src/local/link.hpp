// One connection between two processes: frames out in batches, frames in one by one.
#pragma once

#include <cstddef>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include <thane/event.hpp>
#include <thane/gate.hpp>
#include <thane/stream.hpp>
#include <thane/unique_fd.hpp>

#include "frame.hpp"

namespace thane::rpc::internal {

/// Lives as long as somebody may have something to send, and closes then. What is sent in one turn
/// of the loop goes out in one system call.
class Link : public std::enable_shared_from_this<Link> {
 public:
  /// Above so many octets that wait to be written, wait_for_room() waits.
  static constexpr std::size_t high_water = 1024 * 1024;

  /// Messages of one link that are in the process at a time; the rest waits in the kernel, and
  /// then with the client.
  static constexpr std::size_t most_at_work = 1000;

  /// `gate` may be null.
  Link(Stream stream, const std::shared_ptr<Gate>& gate);
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  /// Never suspend. Nothing is sent once the link is broken.
  void send(const Frame& frame);
  void send(const Frame& frame, const nlohmann::json& payload);
  /// Closes this side when what was sent so far has left.
  void finish();

  /// Blocks while too much waits to be written.
  void wait_for_room();
  /// Blocks until all has left, or the link is broken.
  void flush();

  /// Counts the messages that came and are not done; wait_for_work() blocks while they are many.
  void work_began() noexcept;
  void work_ended() noexcept;
  void wait_for_work();

  /// Blocks until the next frame, which lives until the next call; none at the end. Never throws
  /// what is a matter of the connection; std::invalid_argument for what is no frame.
  [[nodiscard]] std::optional<Frame> next();

  /// Ends it at once, for both sides. next() then returns none.
  void close() noexcept;
  [[nodiscard]] bool broken() const noexcept { return broken_; }

 private:
  void start_writing();
  void write();

  std::shared_ptr<Gate> gate_;
  Gate::Holder holder_;
  Stream stream_;
  FrameReader reader_;
  std::string out_;
  bool writing_ = false;
  bool finishing_ = false;
  bool broken_ = false;
  Event room_;  // Set while no more than high_water waits.
  std::size_t at_work_ = 0;
  Event less_work_;  // Set while less than most_at_work.
  Event idle_;       // Set while nothing waits.
};

}  // namespace thane::rpc::internal
