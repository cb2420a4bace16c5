// One function for each way to compress, and what they have in common.
#pragma once

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace thane::rpc::internal::rabbit {

// All of these throw library_error.
void require_zlib();
void require_bzip2();
void require_brotli();
void require_lzma();
void require_zstandard();
[[nodiscard]] std::string pack_zlib(std::string_view data);
[[nodiscard]] std::string pack_bzip2(std::string_view data);
[[nodiscard]] std::string unpack_zlib(std::string_view data, std::size_t limit);
[[nodiscard]] std::string unpack_bzip2(std::string_view data, std::size_t limit);
[[nodiscard]] std::string pack_brotli(std::string_view data);
[[nodiscard]] std::string pack_lzma(std::string_view data);
[[nodiscard]] std::string pack_zstandard(std::string_view data);
[[nodiscard]] std::string unpack_brotli(std::string_view data, std::size_t limit);
[[nodiscard]] std::string unpack_lzma(std::string_view data, std::size_t limit);
[[nodiscard]] std::string unpack_zstandard(std::string_view data, std::size_t limit);

[[noreturn]] inline void refuse_damaged() {
  throw std::invalid_argument("a compressed body that is damaged");
}

/// The room for what comes out, doubled as long as it does not do. `step` writes behind `used`,
/// adds to it what it has written, and says whether that was all.
template <class Step>
std::string grow(std::size_t first, std::size_t limit, Step step) {
  std::string to(std::clamp<std::size_t>(first, 1024, std::max<std::size_t>(limit, 1024)), '\0');
  for (std::size_t used = 0;;) {
    const bool finished = step(to, used);
    if (used > limit) throw std::invalid_argument("a compressed body that is too large");
    if (finished) {
      to.resize(used);
      return to;
    }
    if (used == to.size()) to.resize(to.size() * 2);
  }
}

}  // namespace thane::rpc::internal::rabbit
