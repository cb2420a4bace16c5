#include "reference.hpp"

#include <algorithm>

#include "../characters.hpp"
#include "unicode_text.hpp"

namespace thane::wsgi::internal {

namespace {

constexpr bool is_letter(char c) {
  return to_lower(c) >= 'a' && to_lower(c) <= 'z';
}

// What may stand in names of Python; beyond ASCII not looked at closely.
constexpr bool is_dotted_name(char c) {
  return is_letter(c) || is(digit_character, c) || c == '_' || c == '.' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Takes a dotted name off, and the white space around it.
std::string_view take_name(std::string_view& rest) {
  const auto end = std::ranges::find_if_not(rest, is_dotted_name);
  const std::string_view name = strip_space({rest.begin(), end});
  rest = strip_space({end, rest.end()});
  return name;
}

std::string lower(std::string_view text) {
  std::string result{text};
  std::ranges::transform(result, result.begin(), to_lower);
  return result;
}

}  // namespace

Reference parse_reference(std::string_view text) {
  Reference result;
  if (const std::size_t hash = text.find('#'); hash != text.npos) {
    result.name = text.substr(hash + 1);
    text = text.substr(0, hash);
  }
  const std::size_t colon = text.find(':');
  if (colon == text.npos) {
    result.path = text;
  } else {
    result.scheme = lower(text.substr(0, colon));
    result.path = text.substr(colon + 1);
  }
  return result;
}

bool has_scheme(std::string_view name) {
  const auto end = std::ranges::find_if_not(name, is_letter);
  return end != name.begin() && end != name.end() && *end == ':';
}

std::optional<std::string> factory_spec(std::string_view value) {
  std::string_view rest = value;
  std::string spec{take_name(rest)};
  if (spec.empty()) {
    return std::nullopt;
  }
  if (rest.starts_with(':')) {
    rest = strip_space(rest.substr(1));
    const std::string_view attribute = take_name(rest);
    if (attribute.empty()) {
      return std::nullopt;
    }
    spec += ':';
    spec += attribute;
  }
  const bool extras = rest.starts_with('[') && rest.ends_with(']');
  return rest.empty() || extras ? std::optional{spec} : std::nullopt;
}

std::string canonical_distribution(std::string_view name) {
  std::string result;
  for (const char c : name) {
    const bool separator = c == '-' || c == '_' || c == '.';
    if (!separator) {
      result += to_lower(c);
    } else if (!result.ends_with('-')) {
      result += '-';
    }
  }
  return result;
}

std::string canonical_spec(std::string_view spec) {
  const Reference parts = parse_reference(spec);
  if (parts.scheme != "egg") {
    return std::string{spec};
  }
  return "egg:" + canonical_distribution(parts.path) + '#' + parts.name.value_or("main");
}

}  // namespace thane::wsgi::internal
