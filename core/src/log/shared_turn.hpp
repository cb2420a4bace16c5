// Whose turn it is to write to a stream that many processes share.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace thane::log::internal {

/// A lock shared by a process and all that it forks, and the rest of a line that was cut short.
///
/// A pipe takes a line of up to PIPE_BUF bytes whole or not at all. It may take a part of a longer
/// one and be full; were another process to write now, both lines would be torn. So the rest is
/// left here, and whoever has the turn next writes that first. Nobody keeps the turn while waiting
/// for a reader, a process killed in its turn loses it, one stopped in its turn is not waited for.
class SharedTurn {
 public:
  /// Must be made before the fork. Throws std::system_error if there is no memory.
  SharedTurn();
  ~SharedTurn();
  SharedTurn(const SharedTurn&) = delete;
  SharedTurn& operator=(const SharedTurn&) = delete;

  /// Which stream a rest belongs to: st_dev and st_ino.
  struct Stream {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    friend bool operator==(const Stream&, const Stream&) = default;
  };

  [[nodiscard]] bool take(std::chrono::milliseconds patience) noexcept;
  void give_back() noexcept;

  /// The following only in one's turn. The rest left for this stream; empty: none.
  [[nodiscard]] std::string_view rest(Stream stream) const noexcept;
  void set_rest(Stream stream, std::string_view rest) noexcept;
  void skip_rest(std::size_t bytes) noexcept;
  /// Brackets a write that may end half-way. Whoever is killed between the two leaves a line break
  /// as the rest, so that the torn line does not take the next one along.
  void begin_long(Stream stream) noexcept;
  void end_long() noexcept;
  /// Counts what anybody wrote: while it grows, the reader is slow but alive. Needs no turn.
  [[nodiscard]] std::uint64_t progress() const noexcept;
  void count_progress() noexcept;

  /// What take() does when it finds that the holder was killed.
  void recover() noexcept;

  /// Longest rest that can be left.
  static constexpr std::size_t max_rest = std::size_t{512} * 1024;

 private:
  struct Shared;
  Shared* shared_;
};

}  // namespace thane::log::internal
