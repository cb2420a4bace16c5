// A Transport over a socket, on the fiber of its connection.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include <thane/fiber.hpp>
#include <thane/internal/watched_fd.hpp>
#include <thane/unique_fd.hpp>

#include "deadlines.hpp"
#include "pace.hpp"
#include "transport.hpp"

namespace thane::wsgi::internal {

/// Tries before it waits: one system call each to read and to write for the usual request. When its
/// time is over, what it waits for is cancelled. A peer
/// that does not take what we write is reset, so that the kernel does not keep it either.
class SocketTransport final : public Transport, public Limited {
 public:
  /// `socket` is non-blocking. `pace`: what is asked of the peer, of bodies and of answers.
  SocketTransport(UniqueFd socket, Deadlines& deadlines, const Pace& pace);

  void expect(Waiting what) override;
  [[nodiscard]] bool timed_out() const override { return timed_out_; }
  [[nodiscard]] std::size_t read_some(char* to, std::size_t size) override;
  [[nodiscard]] std::optional<std::size_t> try_read(char* to, std::size_t size) override;
  void await_input() override;
  [[nodiscard]] bool write_all(std::string_view data) override;
  /// By sendfile(): the octets do not pass through this process.
  [[nodiscard]] SentFile send_file(int fd, std::uint64_t offset, std::uint64_t size) override;
  void shutdown_send() override;
  void abort() override;

  void on_deadline() override;
  void on_long_wait() override;

 private:
  template <class Attempt>
  SentFile push(std::uint64_t size, Attempt attempt);
  bool wait_writable(Duration& waited);
  void give_up();

  thane::internal::WatchedFd socket_;
  Deadlines& deadlines_;
  Pace reading_;
  Pace writing_;
  Waiting waiting_ = Waiting::nothing;
  TimePoint since_{};
  bool timed_out_ = false;
  bool woken_late_ = false;  // By the deadline, and has not looked since.
  Fiber fiber_;              // That it is used on.
};

}  // namespace thane::wsgi::internal
