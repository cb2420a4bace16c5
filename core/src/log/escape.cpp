#include "escape.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "fixed_buffer.hpp"

namespace thane::log::internal {

namespace {

template <class Out>
void append_hex_byte(Out& out, std::string_view before, char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  append(out, before);
  out.push_back(digits[byte >> 4U]);
  out.push_back(digits[byte & 15U]);
}

// Where the first byte from `start` on may be that is not printable ASCII, or is a quote or a
// backslash. Looks at eight bytes at a time: with long lines this is most of the work.
std::size_t skip_plain(std::string_view text, std::size_t start) {
  constexpr std::uint64_t ones = 0x0101010101010101;
  constexpr std::uint64_t highs = ones << 7U;
  const auto has_zero = [](std::uint64_t word) { return (word - ones) & ~word & highs; };
  for (; text.size() - start >= 8; start += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + start, sizeof(word));
    const std::uint64_t control = (word - ones * 0x20) & ~word & highs;
    if ((control | (word & highs) | has_zero(word ^ (ones * '"')) | has_zero(word ^ (ones * '\\')) |
         has_zero(word ^ (ones * 0x7f))) != 0) {
      break;
    }
  }
  return start;
}

// The length of the well-formed UTF-8 sequence at the start of `text`, or 0 (RFC 3629, table of
// section 4: no overlong forms, no surrogates, nothing past U+10FFFF).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t length = first < 0xc2   ? 0
                             : first < 0xe0 ? 2
                             : first < 0xf0 ? 3
                             : first < 0xf5 ? 4
                                            : 0;
  if (length == 0 || text.size() < length) {
    return 0;
  }
  const unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (byte(1) < low || byte(1) > high) {
    return 0;
  }
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) {
      return 0;
    }
  }
  return length;
}

template <class Out>
void append_json_escape(Out& out, char c) {
  switch (c) {
    case '"':
      append(out, "\\\"");
      break;
    case '\\':
      append(out, "\\\\");
      break;
    case '\n':
      append(out, "\\n");
      break;
    case '\t':
      append(out, "\\t");
      break;
    case '\r':
      append(out, "\\r");
      break;
    default:
      append_hex_byte(out, "\\u00", c);
      break;
  }
}

}  // namespace

template <class Out>
void append_escaped_text(Out& out, std::string_view text) {
  std::size_t plain = 0;
  for (std::size_t i = skip_plain(text, 0); i < text.size(); ++i) {
    if (!is_control(text[i])) {
      continue;
    }
    append(out, text.substr(plain, i - plain));
    plain = i + 1;
    if (text[i] == '\n') {
      append(out, "\\n");
    } else {
      append_hex_byte(out, "\\x", text[i]);
    }
  }
  append(out, text.substr(plain));
}

template <class Out>
void append_json_string(Out& out, std::string_view text) {
  out.push_back('"');
  std::size_t plain = 0;  // From here to i nothing needs an escape.
  for (std::size_t i = skip_plain(text, 0); i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\') {
      ++i;
      continue;
    }
    const std::size_t length = byte < 0x80 ? 0 : utf8_length(text.substr(i));
    if (length > 0) {
      i += length;
      continue;
    }
    append(out, text.substr(plain, i - plain));
    if (byte < 0x80) {
      append_json_escape(out, text[i]);
    } else {
      append(out, "\\ufffd");
    }
    plain = ++i;
    i = skip_plain(text, i);
  }
  append(out, text.substr(plain));
  out.push_back('"');
}

template void append_escaped_text(Buffer&, std::string_view);
template void append_json_string(Buffer&, std::string_view);
template void append_escaped_text(EmergencyBuffer&, std::string_view);
template void append_json_string(EmergencyBuffer&, std::string_view);

}  // namespace thane::log::internal
