// A non-blocking descriptor that fibers can wait for.
#pragma once

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include <thane/internal/wait_list.hpp>
#include <thane/internal/watcher.hpp>
#include <thane/unique_fd.hpp>

namespace thane::internal {

class SocketPoll;

/// Tries first, and waits only if it must: most reads and writes find the socket ready, and pay for
/// one system call. The loop learns of the descriptor at the first wait.
///
/// The kernel tells once of what has come (EPOLLET). Nothing is missed: what it tells while nobody
/// waits is remembered for the next wait(), which then may return for nothing.
///
///     const ssize_t count = fd.attempt(WatchedFd::readable, [&](int number) {
///       return ::recv(number, data, size, 0);
///     });
///     if (count < size) fd.has_no_more(WatchedFd::readable);
class WatchedFd : private Watcher {
 public:
  enum Direction : std::uint8_t { readable, writable };
  enum class Kind : std::uint8_t {
    own,     ///< To close it here closes it for good, if no child of ours has it.
    shared,  ///< A duplicate of one that stays open.
    /// The same, of a listening socket. A connection wakes one process alone, the one that has
    /// waited longest, and never one where no fiber waits.
    listener
  };
  enum class Outcome : std::uint8_t {
    ready,      ///< Or it may be.
    cancelled,  ///< By cancel(), release() or close().
  };

  explicit WatchedFd(UniqueFd fd, Kind kind = Kind::own) noexcept;
  ~WatchedFd() override { close(); }
  WatchedFd(const WatchedFd&) = delete;
  WatchedFd& operator=(const WatchedFd&) = delete;

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  /// Blocks the calling fiber until the descriptor may be ready. Throws fiber_killed and
  /// timeout_error, and ECANCELED if it is closed already.
  Outcome wait(Direction direction);

  /// Repeats `call` until it returns something else than -1 with EAGAIN or EINTR. Throws what
  /// kill() and Timeout have in store before a call, never after one that did something; ECANCELED
  /// when a wait is cancelled.
  template <class Call>
  auto attempt(Direction direction, Call call) {
    give_way();
    for (;;) {
      require_open();
      if (worth_a_try(direction)) {
        const auto result = call(fd_.get());
        if (result != -1 || (errno != EAGAIN && errno != EINTR)) {
          return result;
        }
        if (errno == EINTR) {
          continue;
        }
        found_nothing(direction);
      }
      if (wait(direction) == Outcome::cancelled) {
        throw_cancelled();
      }
    }
  }

  /// False: the last call found nothing, or not all that it could take, and wait() was not called
  /// since.
  [[nodiscard]] bool worth_a_try(Direction direction) const noexcept {
    return worth_a_try_[direction];
  }
  /// It would have blocked.
  void found_nothing(Direction direction) noexcept { worth_a_try_[direction] = false; }
  /// It returned less than was asked for: on a stream there was no more. The end of the stream is
  /// told together with the last octets, so after that there is.
  void has_no_more(Direction direction) noexcept { worth_a_try_[direction] = ended_; }

  /// Throws what kill() and Timeout have in store; lets others run if this was called often. A
  /// fiber whose socket is always ready must not keep them from it.
  void give_way();
  void require_open() const;

  /// Ends the waits of other fibers. For a deadline: what comes later is still read.
  void cancel() noexcept;
  /// The same, and the loop knows the descriptor no more, until the next wait.
  void forget() noexcept;
  void close() noexcept;  ///< Idempotent.
  [[nodiscard]] UniqueFd release() noexcept;

 private:
  struct Waiting;

  void on_events(std::uint32_t events) noexcept override;
  void before_sleep() noexcept override;
  void on_poll_gone() noexcept override;
  void watch(Direction direction);
  [[noreturn]] void throw_cancelled() const;

  UniqueFd fd_;
  Kind kind_;
  bool ended_ = false;  // The peer will send no more, or the socket is broken.
  std::array<bool, 2> worth_a_try_{true, true};
  std::array<bool, 2> told_{};  // While nobody waited.
  int tries_ = 0;
  SocketPoll* poll_ = nullptr;
  std::uint64_t ticket_ = 0;
  std::array<Waiting*, 2> waiting_{};
};

}  // namespace thane::internal
