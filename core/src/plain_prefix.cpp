#include <thane/internal/plain_prefix.hpp>

#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

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

#if defined(__SSE2__)
// A bit for each of sixteen octets that is not plain; octets from 0x80 on are negative here.
unsigned not_plain_of_sixteen(const char* from) noexcept {
  const __m128i octets = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  const __m128i found = _mm_or_si128(_mm_cmplt_epi8(octets, _mm_set1_epi8(0x20)),
                                     _mm_or_si128(_mm_cmpeq_epi8(octets, _mm_set1_epi8('"')),
                                                  _mm_cmpeq_epi8(octets, _mm_set1_epi8('\\'))));
  return static_cast<unsigned>(_mm_movemask_epi8(found));
}
#endif

}  // namespace

std::size_t plain_prefix(std::string_view text) noexcept {
  std::size_t at = 0;
#if defined(__SSE2__)
  for (; text.size() - at >= 16; at += 16) {
    if (const unsigned found = not_plain_of_sixteen(text.data() + at)) {
      return at + static_cast<std::size_t>(std::countr_zero(found));
    }
  }
#endif
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
