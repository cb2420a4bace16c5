// Which octets HTTP/1.1 allows where, and how to run over many of them quickly.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace thane::wsgi::internal {

/// Classes of octets, one bit each: RFC 9110 5.6.2 (token), RFC 3986 (the others).
enum CharacterClass : std::uint8_t {
  token_character = 1,
  target_character = 2,    ///< Visible ASCII except '#': a fragment is never sent.
  reg_name_character = 4,  ///< unreserved / sub-delims; '%' is checked apart.
  digit_character = 8,
  hex_character = 16,
  value_character = 32,  ///< HTAB, SP, visible ASCII, obs-text.
};

constexpr std::array<std::uint8_t, 256> make_character_table() {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t c = 0; c < 256; ++c) {
    const auto in = [c](std::string_view set) {
      return c != 0 && c < 128 && set.find(static_cast<char>(c)) != std::string_view::npos;
    };
    const bool digit = c >= '0' && c <= '9';
    const bool alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool hex = digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    std::uint8_t bits = 0;
    if (digit || alpha || in("!#$%&'*+-.^_`|~")) bits |= token_character;
    if (c > 0x20 && c < 0x7f && c != '#') bits |= target_character;
    if (digit || alpha || in("-._~!$&'()*+,;=")) bits |= reg_name_character;
    if (digit) bits |= digit_character;
    if (hex) bits |= hex_character;
    if (c == '\t' || (c >= 0x20 && c != 0x7f)) bits |= value_character;
    table[c] = bits;
  }
  return table;
}

inline constexpr std::array<std::uint8_t, 256> character_table = make_character_table();

constexpr bool is(CharacterClass wanted, char c) {
  return (character_table[static_cast<unsigned char>(c)] & wanted) != 0;
}

/// Skips letters, digits, '-' and '.', of which names of fields are made as a rule; not all of them
/// near the end.
inline const char* skip_plain(const char* at, [[maybe_unused]] const char* end) {
#ifdef __SSE2__
  // Signed comparisons: octets beyond ASCII are negative, and below all that is asked for.
  const auto between = [](__m128i octets, char below, char above) {
    return _mm_and_si128(_mm_cmpgt_epi8(octets, _mm_set1_epi8(below)),
                         _mm_cmpgt_epi8(_mm_set1_epi8(above), octets));
  };
  for (; end - at >= 16; at += 16) {
    const __m128i octets = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i lower = _mm_or_si128(octets, _mm_set1_epi8(0x20));
    const __m128i others = _mm_andnot_si128(_mm_cmpeq_epi8(octets, _mm_set1_epi8('/')),
                                            between(octets, '-' - 1, '9' + 1));
    const __m128i plain = _mm_or_si128(between(lower, 'a' - 1, 'z' + 1), others);
    const auto fine = static_cast<unsigned>(_mm_movemask_epi8(plain));
    if (fine != 0xffffu) return at + __builtin_ctz(~fine);
  }
#endif
  return at;
}

/// Skips token characters.
inline const char* skip_token(const char* at, const char* end) {
  at = skip_plain(at, end);
  while (at < end && is(token_character, *at)) ++at;
  return at;
}

/// Skips what a request target may hold. `plain`: it holds neither '?' nor '%', so that nobody need
/// look for them.
inline const char* skip_target(const char* at, const char* end, bool& plain) {
  plain = true;
#ifdef __SSE2__
  const __m128i space = _mm_set1_epi8(0x20);
  const __m128i hash = _mm_set1_epi8('#');
  const __m128i rubout = _mm_set1_epi8(0x7f);
  for (; end - at >= 16; at += 16) {
    const __m128i octets = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i visible = _mm_cmpgt_epi8(octets, space);  // Signed: beyond ASCII is negative.
    const __m128i apart =
        _mm_or_si128(_mm_cmpeq_epi8(octets, hash), _mm_cmpeq_epi8(octets, rubout));
    const auto fine = static_cast<unsigned>(_mm_movemask_epi8(_mm_andnot_si128(apart, visible)));
    const __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(octets, _mm_set1_epi8('?')),
                                       _mm_cmpeq_epi8(octets, _mm_set1_epi8('%')));
    const auto marked = static_cast<unsigned>(_mm_movemask_epi8(marks));
    if (fine != 0xffffu) {
      const int size = __builtin_ctz(~fine);
      plain = plain && (marked & ((1U << size) - 1)) == 0;
      return at + size;
    }
    plain = plain && marked == 0;
  }
#endif
  for (; at < end && is(target_character, *at); ++at) {
    plain = plain && *at != '?' && *at != '%';
  }
  return at;
}

/// Skips what a field value may hold.
inline const char* skip_value(const char* at, const char* end) {
#ifdef __SSE2__
  const __m128i lowest = _mm_set1_epi8(0x20);
  const __m128i tab = _mm_set1_epi8('\t');
  const __m128i rubout = _mm_set1_epi8(0x7f);
  for (; end - at >= 16; at += 16) {
    const __m128i octets = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i high = _mm_cmpeq_epi8(_mm_max_epu8(octets, lowest), octets);
    const __m128i fine = _mm_andnot_si128(_mm_cmpeq_epi8(octets, rubout),
                                          _mm_or_si128(high, _mm_cmpeq_epi8(octets, tab)));
    const auto bad = static_cast<unsigned>(_mm_movemask_epi8(fine)) ^ 0xffffu;
    if (bad != 0) return at + __builtin_ctz(bad);
  }
#endif
  while (at < end && is(value_character, *at)) ++at;
  return at;
}

constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

/// Compares without regard to case; `lower` is in lower case.
constexpr bool equals_lower(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (to_lower(text[i]) != lower[i]) return false;
  }
  return true;
}

constexpr std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace thane::wsgi::internal
