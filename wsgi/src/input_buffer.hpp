// Octets that came in and were not used yet, in as little memory as can be.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace thane::wsgi::internal {

/// Blocks of memory for the connections of one worker that are at work. The block that was given
/// back last is handed out first: connections that take turns share one, and it stays in the cache.
class BlockPool {
 public:
  static constexpr std::size_t block_size = 16384;
  /// For what has begun to come: a client that sends slowly is to hold little.
  static constexpr std::size_t small_size = 2048;
  static constexpr std::size_t max_kept = 64;

  struct Block {
    std::unique_ptr<char[]> memory;
    std::size_t size = 0;
  };

  /// At least `size` octets; of the two usual sizes if one is enough.
  [[nodiscard]] Block take(std::size_t size);
  void give_back(Block block);

 private:
  std::vector<std::unique_ptr<char[]>> small_;
  std::vector<std::unique_ptr<char[]>> large_;
};

/// A buffer that has memory only while something is in it, or read into it. What a request head
/// points into is pinned: it stays where it is.
///
///     buffer.make_room(1);                                    // Before each read.
///     buffer.commit(transport.read_some(buffer.space(), buffer.space_size()));
///     parse(buffer.data());  buffer.pin(head_size);           // Head used up, views into it live.
///     buffer.consume(n);                                      // Body octets used up.
///     buffer.unpin();                                         // The views are dead.
class InputBuffer {
 public:
  explicit InputBuffer(BlockPool& pool) : pool_(pool) {}
  ~InputBuffer() { pool_.give_back(std::move(block_)); }
  InputBuffer(const InputBuffer&) = delete;
  InputBuffer& operator=(const InputBuffer&) = delete;

  [[nodiscard]] std::string_view data() const { return {storage() + begin_, end_ - begin_}; }
  [[nodiscard]] bool empty() const { return begin_ == end_; }

  /// Makes space() at least `wanted` octets; may move what is not pinned. Existing views into
  /// data() are dead then.
  void make_room(std::size_t wanted);
  [[nodiscard]] char* space() { return storage() + end_; }
  [[nodiscard]] std::size_t space_size() const { return block_.size - end_; }
  void commit(std::size_t size) { end_ += size; }

  void consume(std::size_t size) { begin_ += size; }
  /// Consumes the head and keeps it in place until unpin().
  void pin(std::size_t head_size);
  void unpin();

  /// Gives the memory back, if nothing is buffered.
  void shrink();

 private:
  [[nodiscard]] char* storage() const noexcept { return block_.memory.get(); }
  void move_to(BlockPool::Block block);

  BlockPool& pool_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t floor_ = 0;  // Octets of block_ before this are pinned.
  bool pinned_ = false;    // floor_, or pinned_block_, is in use.
  BlockPool::Block block_;
  BlockPool::Block pinned_block_;  // Where the pinned head lies, if it is not in block_.
};

}  // namespace thane::wsgi::internal
