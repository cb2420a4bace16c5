// What was read from a stream and is not used up yet, in one piece.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace thane::rpc::internal {

/// Read straight into it; a connection that is idle holds no more pages than its longest read has
/// touched.
///
///     input.filled(read(input.space()));
///     input.used(use(input.octets()));
class InputBuffer {
 public:
  /// Where to read to: room for what is there already and more, for `whole` octets in all at
  /// least. Never empty. Voids octets().
  [[nodiscard]] std::span<char> space(std::size_t whole = 0);
  void filled(std::size_t count) noexcept { end_ += count; }

  [[nodiscard]] std::string_view octets() const noexcept {
    return {memory_.get() + begin_, end_ - begin_};
  }
  void used(std::size_t count) noexcept { begin_ += count; }

 private:
  std::unique_ptr<char[]> memory_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace thane::rpc::internal
