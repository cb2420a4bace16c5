#include "plain_name.hpp"

#include "name_parser.hpp"

namespace thane::internal {

std::string_view plain_name(std::string_view symbol, std::span<char> out) noexcept {
  // What the compiler splits off a function gets the function's name and a suffix.
  const std::string_view mangled = symbol.substr(0, symbol.find('.'));
  if (!mangled.starts_with("_Z")) {
    return symbol;
  }
  NameParser parser{mangled.substr(2), out};
  parser.encoding();
  if (parser.failed()) {
    return symbol;
  }
  parser.out().append(symbol.substr(mangled.size()));
  return parser.out().text();
}

std::string_view plain_type_name(std::string_view type, std::span<char> out) noexcept {
  NameParser parser{type, out};
  parser.type();
  return parser.failed() || !parser.at_end() ? type : parser.out().text();
}

}  // namespace thane::internal
