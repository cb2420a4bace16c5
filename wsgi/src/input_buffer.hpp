// Octets that came in and were not used yet, in as little memory as can be.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace thane::wsgi::internal {

/// Blocks of memory for the connections of one worker that are at work.
class BlockPool {
 public:
  static constexpr std::size_t block_size = 16384;
  static constexpr std::size_t max_kept = 64;

  [[nodiscard]] std::unique_ptr<char[]> take();
  void give_back(std::unique_ptr<char[]> block);

 private:
  std::vector<std::unique_ptr<char[]>> free_;
};

/// A buffer that lies in the connection itself while little is in it, and in a block of the pool
/// while there is more. What a request head points into is pinned: it stays where it is.
///
///     buffer.make_room(1);                                    // Before each read.
///     buffer.commit(transport.read_some(buffer.space(), buffer.space_size()));
///     parse(buffer.data());  buffer.pin(head_size);           // Head used up, views into it live.
///     buffer.consume(n);                                      // Body octets used up.
///     buffer.unpin();                                         // The views are dead.
class InputBuffer {
 public:
  static constexpr std::size_t inline_size = 2048;

  explicit InputBuffer(BlockPool& pool) : pool_(pool) {}
  ~InputBuffer() { release_block(); }
  InputBuffer(const InputBuffer&) = delete;
  InputBuffer& operator=(const InputBuffer&) = delete;

  [[nodiscard]] std::string_view data() const { return {storage_ + begin_, end_ - begin_}; }
  [[nodiscard]] bool empty() const { return begin_ == end_; }

  /// Makes space() at least `wanted` octets; may move what is not pinned. Existing views into
  /// data() are dead then.
  void make_room(std::size_t wanted);
  [[nodiscard]] char* space() { return storage_ + end_; }
  [[nodiscard]] std::size_t space_size() const { return capacity_ - end_; }
  void commit(std::size_t size) { end_ += size; }

  void consume(std::size_t size) { begin_ += size; }
  /// Consumes the head and keeps it in place until unpin().
  void pin(std::size_t head_size);
  void unpin();

  /// Goes back to the memory of the connection, if nothing is buffered.
  void shrink();

 private:
  void move_to(std::unique_ptr<char[]> block, std::size_t capacity);
  void release_block();

  BlockPool& pool_;
  std::array<char, inline_size> inline_;
  char* storage_ = inline_.data();
  std::size_t capacity_ = inline_size;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t floor_ = 0;          // Octets of storage_ before this are pinned.
  bool pinned_ = false;            // floor_, or pinned_block_, or the inline memory, is in use.
  std::unique_ptr<char[]> block_;  // storage_, unless that is inline_.
  std::size_t block_capacity_ = 0;
  std::unique_ptr<char[]> pinned_block_;  // Where the pinned head lies, if it is not in storage_.
  std::size_t pinned_capacity_ = 0;
};

}  // namespace thane::wsgi::internal
