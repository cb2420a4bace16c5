// Room for one line where nothing may be allocated.
#pragma once

#include <algorithm>
#include <array>
#include <climits>
#include <cstddef>

namespace thane::log::internal {

/// What record.hpp needs of a Buffer, over memory that does not grow. Once something has not
/// fitted, overflowed() is true and what is in it is of no use.
template <std::size_t capacity>
class FixedBuffer {
 public:
  void push_back(char c) noexcept { append(&c, &c + 1); }
  void append(const char* begin, const char* end) noexcept {
    const auto count = static_cast<std::size_t>(end - begin);
    overflowed_ = overflowed_ || count > capacity - size_;
    if (!overflowed_) {
      std::copy(begin, end, text_.data() + size_);
      size_ += count;
    }
  }
  void clear() noexcept {
    size_ = 0;
    overflowed_ = false;
  }

  [[nodiscard]] const char* data() const noexcept { return text_.data(); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool overflowed() const noexcept { return overflowed_; }

 private:
  std::array<char, capacity> text_;
  std::size_t size_ = 0;
  bool overflowed_ = false;
};

/// As long as what a pipe takes whole.
using EmergencyBuffer = FixedBuffer<PIPE_BUF>;

}  // namespace thane::log::internal
