// Text from anywhere, made harmless for one line of text or of JSON.
#pragma once

#include <fmt/format.h>

#include <string_view>

namespace thane::log::internal {

using Buffer = fmt::memory_buffer;

// What is appended to is a Buffer, or a FixedBuffer where nothing may be allocated.
template <class Out>
void append(Out& out, std::string_view text) {
  out.append(text.data(), text.data() + text.size());
}

/// Control characters other than the tab.
inline bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

/// Appends the text with line breaks as \n and other control characters as \x1b.
template <class Out>
void append_escaped_text(Out& out, std::string_view text);

/// Appends the text as a string of JSON, in quotes. Each byte that is not part of well-formed UTF-8
/// becomes U+FFFD.
template <class Out>
void append_json_string(Out& out, std::string_view text);

}  // namespace thane::log::internal
