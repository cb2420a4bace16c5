#include "unicode_text.hpp"

#include <algorithm>
#include <cstdint>

namespace thane::wsgi::internal {

namespace {

std::uint8_t octet(std::string_view text, std::size_t index) {
  return index < text.size() ? static_cast<std::uint8_t>(text[index]) : 0;
}

// Octets of the white space that the text begins with; 0: it begins with something else.
std::size_t space_length(std::string_view text) {
  const std::uint8_t a = octet(text, 0), b = octet(text, 1), c = octet(text, 2);
  if ((a >= 0x09 && a <= 0x0d) || (a >= 0x1c && a <= 0x20)) {
    return 1;
  }
  if (a == 0xc2) {
    return b == 0x85 || b == 0xa0 ? 2 : 0;
  }
  const bool wide = (a == 0xe1 && b == 0x9a && c == 0x80) ||
                    (a == 0xe2 && b == 0x80 &&
                     ((c >= 0x80 && c <= 0x8a) || c == 0xa8 || c == 0xa9 || c == 0xaf)) ||
                    (a == 0xe2 && b == 0x81 && c == 0x9f) || (a == 0xe3 && b == 0x80 && c == 0x80);
  return wide ? 3 : 0;
}

std::size_t trailing_space_length(std::string_view text) {
  for (std::size_t length = 1; length <= 3 && length <= text.size(); ++length) {
    if (space_length(text.substr(text.size() - length)) == length) {
      return length;
    }
  }
  return 0;
}

// Octets of the character that the text begins with; 0: it is none.
std::size_t character_length(std::string_view text) {
  const std::uint8_t first = octet(text, 0), second = octet(text, 1);
  if (first < 0x80) {
    return 1;
  }
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) {
    return 0;
  }
  // Longer than need be, surrogates, and beyond the last character.
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
      (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) {
    return 0;
  }
  const auto continues = [](char c) { return (static_cast<std::uint8_t>(c) & 0xc0) == 0x80; };
  return std::ranges::all_of(text.substr(1, length - 1), continues) ? length : 0;
}

}  // namespace

std::optional<std::size_t> find_bad_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = character_length(text.substr(at));
    if (length == 0) {
      return at;
    }
    at += length;
  }
  return std::nullopt;
}

std::string_view strip_end(std::string_view text) {
  while (const std::size_t length = trailing_space_length(text)) {
    text.remove_suffix(length);
  }
  return text;
}

std::string_view strip_space(std::string_view text) {
  while (const std::size_t length = space_length(text)) {
    text.remove_prefix(length);
  }
  return strip_end(text);
}

std::size_t leading_spaces(std::string_view text) {
  std::size_t count = 0;
  while (const std::size_t length = space_length(text)) {
    text.remove_prefix(length);
    ++count;
  }
  return count;
}

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  text = strip_space(text);
  while (!text.empty()) {
    std::size_t end = 0;
    while (end < text.size() && space_length(text.substr(end)) == 0) {
      ++end;
    }
    words.push_back(text.substr(0, end));
    text = strip_space(text.substr(end));
  }
  return words;
}

}  // namespace thane::wsgi::internal
