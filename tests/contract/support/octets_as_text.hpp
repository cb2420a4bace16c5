// Octets in the forms that JSON can hold.
#pragma once

#include <string>
#include <string_view>

namespace contract {

/// Each octet a character.
[[nodiscard]] inline std::string latin1(std::string_view octets) {
  std::string utf8;
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x80) {
      utf8.push_back(c);
    } else {
      utf8.push_back(static_cast<char>(0xc0 | octet >> 6));
      utf8.push_back(static_cast<char>(0x80 | (octet & 0x3f)));
    }
  }
  return utf8;
}

[[nodiscard]] inline std::string base64(std::string_view octets) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string encoded;
  for (std::size_t at = 0; at < octets.size(); at += 3) {
    unsigned bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      bits = bits << 8 | (at + i < octets.size() ? static_cast<unsigned char>(octets[at + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      encoded.push_back(at + i > octets.size() ? '=' : digits[bits >> (18 - 6 * i) & 63]);
    }
  }
  return encoded;
}

}  // namespace contract
