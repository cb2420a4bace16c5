#include "percent.hpp"

#include "characters.hpp"

namespace thane::wsgi::internal {

std::string percent_decode(std::string_view text, Plus plus) {
  const auto digit = [](char c) {
    return is(digit_character, c) ? c - '0' : to_lower(c) - 'a' + 10;
  };
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped = text[i] == '%' && text.size() - i > 2 && is(hex_character, text[i + 1]) &&
                         is(hex_character, text[i + 2]);
    if (escaped) {
      decoded.push_back(static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])));
      i += 2;
    } else {
      decoded.push_back(text[i] == '+' && plus == Plus::space ? ' ' : text[i]);
    }
  }
  return decoded;
}

std::string percent_encode(std::string_view text, Kept kept) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    const char lower = to_lower(c);
    const bool plain = is(digit_character, c) || (lower >= 'a' && lower <= 'z') || c == '_' ||
                       c == '.' || c == '-' || c == '~' || (c == '/' && kept == Kept::path);
    if (plain) {
      encoded.push_back(c);
    } else if (c == ' ' && kept == Kept::form) {
      encoded.push_back('+');
    } else {
      const auto octet = static_cast<unsigned char>(c);
      encoded.append({'%', digits[octet >> 4], digits[octet & 15]});
    }
  }
  return encoded;
}

}  // namespace thane::wsgi::internal
