#include <thane/internal/in_quotes.hpp>

#include <fmt/core.h>

namespace thane::internal {

namespace {

constexpr std::size_t longest_quote = 80;  // Bytes of a value that a message repeats.

}  // namespace

std::string in_quotes(std::string_view text) {
  std::string result{'"'};
  for (const char c : text.substr(0, longest_quote)) {
    if (c == '\n') {
      result += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      result += c;
    }
  }
  result += text.size() > longest_quote ? "...\"" : "\"";
  return result;
}

}  // namespace thane::internal
