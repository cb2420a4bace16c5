#include "substitution.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>

#include "value.hpp"

namespace thane::internal {

namespace {

constexpr std::size_t longest_value = 64 * 1024;

bool begins_name(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_';
}
bool continues_name(char c) {
  return begins_name(c) || (c >= '0' && c <= '9');
}

std::string_view leading_name(std::string_view text) {
  if (text.empty() || !begins_name(text.front())) {
    return {};
  }
  const auto end = std::find_if_not(text.begin(), text.end(), continues_name);
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

// One reference, at the dollar sign that `text` begins with.
struct Reference {
  std::string name;
  std::size_t length = 0;  // Of all that is to be replaced; 0: not a reference.
  bool closed = true;
};

Reference reference_at(std::string_view text) {
  if (text.substr(1).starts_with('{')) {
    const std::size_t close = text.find('}');
    if (close == text.npos) {
      return {{}, 2, false};
    }
    return {std::string{strip(text.substr(2, close - 2))}, close + 1, true};
  }
  const std::string_view name = leading_name(text.substr(1));
  return {std::string{name}, name.empty() ? 0 : name.size() + 1, true};
}

}  // namespace

Substituted substitute(std::string_view text, const Lookup& lookup) {
  std::string result;
  while (!text.empty()) {
    const std::size_t dollar = std::min(text.find('$'), text.size());
    result += text.substr(0, dollar);
    text.remove_prefix(dollar);
    if (text.empty()) {
      break;
    }
    if (text.starts_with("$$")) {
      result += '$';
      text.remove_prefix(2);
      continue;
    }
    const Reference reference = reference_at(text);
    if (!reference.closed) {
      return {{}, "\"${\" is not closed by \"}\"; write $$ for a dollar sign"};
    }
    if (reference.length == 0) {
      result += '$';
      text.remove_prefix(1);
      continue;
    }
    const auto value = lookup(reference.name);
    if (!value) {
      return {{},
              fmt::format("{} refers to no option; write $$ for a dollar sign",
                          in_quotes(text.substr(0, reference.length)))};
    }
    result += *value;
    text.remove_prefix(reference.length);
    if (result.size() > longest_value) {
      return {{}, "the value is longer than 64 KiB with its references replaced"};
    }
  }
  return {std::move(result), {}};
}

std::string escape_dollars(std::string_view text) {
  std::string result;
  for (const char c : text) {
    result += c == '$' ? "$$" : std::string(1, c);
  }
  return result;
}

}  // namespace thane::internal
