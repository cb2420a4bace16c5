#include "input_buffer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace thane::wsgi::internal {

BlockPool::Block BlockPool::take(std::size_t size) {
  if (size > block_size) return {std::make_unique_for_overwrite<char[]>(size), size};
  const std::size_t usual = size <= small_size ? small_size : block_size;
  auto& free = size <= small_size ? small_ : large_;
  if (free.empty()) return {std::make_unique_for_overwrite<char[]>(usual), usual};
  Block block{std::move(free.back()), usual};
  free.pop_back();
  return block;
}

void BlockPool::give_back(Block block) {
  if (block.size != small_size && block.size != block_size) return;
  auto& free = block.size == small_size ? small_ : large_;
  if (free.size() < max_kept) free.push_back(std::move(block.memory));
}

void InputBuffer::make_room(std::size_t wanted) {
  if (begin_ == end_) begin_ = end_ = floor_;
  if (space_size() >= wanted) return;

  const std::size_t held = end_ - begin_;
  if (floor_ == 0 && block_.size - held >= wanted) {
    std::memmove(storage(), storage() + begin_, held);
    begin_ = 0;
    end_ = held;
    return;
  }
  const std::size_t needed = held + wanted;
  const bool grows_fast = needed > BlockPool::block_size;
  move_to(pool_.take(grows_fast ? std::max(needed, 2 * block_.size) : needed));
}

void InputBuffer::move_to(BlockPool::Block block) {
  const std::size_t held = end_ - begin_;
  if (held > 0) std::memcpy(block.memory.get(), storage() + begin_, held);
  if (pinned_ && floor_ > 0) {
    pinned_block_ = std::move(block_);
  } else {
    pool_.give_back(std::move(block_));
  }
  block_ = std::move(block);
  begin_ = floor_ = 0;
  end_ = held;
}

void InputBuffer::pin(std::size_t head_size) {
  begin_ += head_size;
  floor_ = begin_;
  pinned_ = true;
}

void InputBuffer::unpin() {
  if (pinned_block_.size > 0) pool_.give_back(std::exchange(pinned_block_, {}));
  pinned_ = false;
  floor_ = 0;
}

void InputBuffer::shrink() {
  if (begin_ != end_ || pinned_) return;
  begin_ = end_ = 0;
  if (block_.size > 0) pool_.give_back(std::exchange(block_, {}));
}

}  // namespace thane::wsgi::internal
