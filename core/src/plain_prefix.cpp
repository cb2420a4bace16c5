#include <thane/internal/plain_prefix.hpp>

#include <bit>
#include <cstdint>
#include <cstring>

namespace thane::internal {

namespace {

constexpr std::uint64_t in_each_octet(unsigned char value) noexcept {
  return 0x0101010101010101U * value;
}

// The highest bit of each octet that is zero, in a word of octets below 0x80; a borrow may set
// others too, but none before the first one.
constexpr std::uint64_t zeros(std::uint64_t word) noexcept {
  return (word - in_each_octet(1)) & in_each_octet(0x80);
}

// The same for octets that are not plain; octets from 0x80 on have that bit themselves.
constexpr std::uint64_t not_plain(std::uint64_t word) noexcept {
  return (word | (word - in_each_octet(0x20)) | zeros(word ^ in_each_octet('"')) |
          zeros(word ^ in_each_octet('\\'))) &
         in_each_octet(0x80);
}

}  // namespace

std::size_t plain_prefix(std::string_view text) noexcept {
  std::size_t at = 0;
  if constexpr (std::endian::native == std::endian::little) {
    for (std::uint64_t word = 0; text.size() - at >= sizeof word; at += sizeof word) {
      std::memcpy(&word, text.data() + at, sizeof word);
      if (const std::uint64_t found = not_plain(word)) {
        return at + static_cast<std::size_t>(std::countr_zero(found)) / 8;
      }
    }
  }
  for (; at < text.size(); ++at) {
    const auto each = static_cast<unsigned char>(text[at]);
    if (each < 0x20 || each >= 0x80 || each == '"' || each == '\\') break;
  }
  return at;
}

}  // namespace thane::internal
