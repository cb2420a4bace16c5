#include "utf8.hpp"

namespace thane::rpc::internal {

namespace {

unsigned char octet(std::string_view text, std::size_t index) noexcept {
  return index < text.size() ? static_cast<unsigned char>(text[index]) : 0;
}

bool follows(std::string_view text, std::size_t index) noexcept {
  return (octet(text, index) & 0xc0) == 0x80;
}

// The length of the character at the beginning, by table 3-7 of the Unicode standard; 0: none.
std::size_t length_of_first(std::string_view text) noexcept {
  const unsigned char first = octet(text, 0);
  const unsigned char second = octet(text, 1);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4 || !follows(text, 1)) return 0;
  if (first < 0xe0) return 2;
  if (!follows(text, 2)) return 0;
  if (first < 0xf0) {
    const bool overlong = first == 0xe0 && second < 0xa0;
    const bool surrogate = first == 0xed && second > 0x9f;
    return overlong || surrogate ? 0 : 3;
  }
  const bool overlong = first == 0xf0 && second < 0x90;
  const bool too_large = first == 0xf4 && second > 0x8f;
  return overlong || too_large || !follows(text, 3) ? 0 : 4;
}

}  // namespace

std::size_t utf8_prefix(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = length_of_first(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return at;
}

void append_utf8(std::string& out, char32_t code_point) {
  const auto add = [&](char32_t bits) { out += static_cast<char>(bits); };
  const auto add_rest = [&](int shift) { add(0x80 | ((code_point >> shift) & 0x3f)); };
  if (code_point < 0x80) {
    add(code_point);
  } else if (code_point < 0x800) {
    add(0xc0 | (code_point >> 6));
    add_rest(0);
  } else if (code_point < 0x10000) {
    add(0xe0 | (code_point >> 12));
    add_rest(6);
    add_rest(0);
  } else {
    add(0xf0 | (code_point >> 18));
    add_rest(12);
    add_rest(6);
    add_rest(0);
  }
}

char32_t leading_surrogate(std::string_view text) noexcept {
  if (octet(text, 0) != 0xed || octet(text, 1) < 0xa0 || !follows(text, 1) || !follows(text, 2)) {
    return 0;
  }
  return 0xd000U | (octet(text, 1) & 0x3fU) << 6 | (octet(text, 2) & 0x3fU);
}

}  // namespace thane::rpc::internal
