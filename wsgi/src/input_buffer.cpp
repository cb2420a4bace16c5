#include "input_buffer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace thane::wsgi::internal {

std::unique_ptr<char[]> BlockPool::take() {
  if (free_.empty()) return std::make_unique_for_overwrite<char[]>(block_size);
  auto block = std::move(free_.back());
  free_.pop_back();
  return block;
}

void BlockPool::give_back(std::unique_ptr<char[]> block) {
  if (free_.size() < max_kept) free_.push_back(std::move(block));
}

void InputBuffer::make_room(std::size_t wanted) {
  if (begin_ == end_) begin_ = end_ = floor_;
  if (space_size() >= wanted) return;

  const std::size_t held = end_ - begin_;
  if (floor_ == 0 && capacity_ - held >= wanted) {
    std::memmove(storage_, storage_ + begin_, held);
    begin_ = 0;
    end_ = held;
    return;
  }
  const std::size_t needed = held + wanted;
  if (needed <= BlockPool::block_size) {
    move_to(pool_.take(), BlockPool::block_size);
  } else {
    const std::size_t capacity = std::max(needed, 2 * capacity_);
    move_to(std::make_unique_for_overwrite<char[]>(capacity), capacity);
  }
}

void InputBuffer::move_to(std::unique_ptr<char[]> block, std::size_t capacity) {
  const std::size_t held = end_ - begin_;
  std::memcpy(block.get(), storage_ + begin_, held);
  if (pinned_ && floor_ > 0) {
    pinned_block_ = std::move(block_);  // None, if the head lies in inline_: that stays untouched.
    pinned_capacity_ = block_capacity_;
  } else {
    release_block();
  }
  block_ = std::move(block);
  block_capacity_ = capacity_ = capacity;
  storage_ = block_.get();
  begin_ = floor_ = 0;
  end_ = held;
}

void InputBuffer::pin(std::size_t head_size) {
  begin_ += head_size;
  floor_ = begin_;
  pinned_ = true;
}

void InputBuffer::unpin() {
  if (pinned_block_ && pinned_capacity_ == BlockPool::block_size) {
    pool_.give_back(std::move(pinned_block_));
  }
  pinned_block_.reset();
  pinned_ = false;
  floor_ = 0;
}

void InputBuffer::shrink() {
  if (begin_ != end_ || pinned_) return;
  begin_ = end_ = 0;
  if (!block_) return;
  release_block();
  storage_ = inline_.data();
  capacity_ = inline_size;
}

void InputBuffer::release_block() {
  if (block_ && block_capacity_ == BlockPool::block_size) pool_.give_back(std::move(block_));
  block_.reset();
}

}  // namespace thane::wsgi::internal
