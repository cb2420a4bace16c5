#include "input_buffer.hpp"

#include <algorithm>
#include <utility>

namespace thane::rpc::internal {

namespace {

constexpr std::size_t usual_capacity = 64 * 1024;
constexpr std::size_t least_space = 4 * 1024;

}  // namespace

std::span<char> InputBuffer::space(std::size_t whole) {
  const std::string_view left = octets();
  const std::size_t wanted = std::max({usual_capacity, whole, left.size() + least_space});
  const bool too_large = left.empty() && capacity_ > wanted;  // After a long message.
  if (capacity_ < wanted || too_large) {
    auto memory = std::make_unique_for_overwrite<char[]>(wanted);
    std::ranges::copy(left, memory.get());
    memory_ = std::move(memory);
    capacity_ = wanted;
  } else if (begin_ > 0) {
    std::ranges::copy(left, memory_.get());
  }
  begin_ = 0;
  end_ = left.size();
  return {memory_.get() + end_, capacity_ - end_};
}

}  // namespace thane::rpc::internal
