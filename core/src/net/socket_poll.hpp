// The descriptors that a loop watches: an epoll set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <thane/clock.hpp>
#include <thane/internal/watcher.hpp>
#include <thane/unique_fd.hpp>

namespace thane::internal {

/// Events carry a number and no address: one that comes late, of a descriptor that was closed while
/// a child of this process has it open still, finds that its number is another's now.
class SocketPoll {
 public:
  /// Stands for one registration, and never for another one.
  enum class Ticket : std::uint64_t { none = 0 };

  SocketPoll();
  ~SocketPoll();
  SocketPoll(const SocketPoll&) = delete;
  SocketPoll& operator=(const SocketPoll&) = delete;

  /// Throws std::system_error. `events` are epoll's; EPOLLEXCLUSIVE says that it is a listener.
  [[nodiscard]] Ticket add(int fd, std::uint32_t events, Watcher& watcher);
  /// Tells also of what is so already. Not for a listener: the kernel knows no change of those.
  void change(Ticket ticket, int fd, std::uint32_t events);
  /// Takes the descriptor out.
  void remove(Ticket ticket, int fd) noexcept;
  /// The same without a system call, for one that is about to be closed.
  void forget(Ticket ticket) noexcept;

  /// Tells the watchers of what has happened, at most `batch` events, and waits for it if nothing
  /// has: for `limit`, never less, or without one. Returns at once after a signal.
  std::size_t wait(std::optional<Duration> limit);
  /// Asks the watchers of listeners whether they want to be woken; wait() does so itself.
  void before_sleep() noexcept;

  /// Readable when wait() would find something.
  [[nodiscard]] int fd() const noexcept { return epoll_.get(); }

  static constexpr std::size_t batch = 128;

 private:
  struct Slot {
    Watcher* watcher = nullptr;
    std::uint32_t generation = 1;
  };

  [[nodiscard]] Slot* slot_of(Ticket ticket) noexcept;
  void control(int operation, int fd, std::uint32_t events, Ticket ticket);

  UniqueFd epoll_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::vector<Ticket> listeners_;
};

}  // namespace thane::internal
