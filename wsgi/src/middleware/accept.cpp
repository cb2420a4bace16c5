#include "accept.hpp"

#include "../characters.hpp"

namespace thane::wsgi::internal {

namespace {

// Takes what stands before `end` off.
std::string_view take(std::string_view& rest, char end) {
  const auto size = rest.find(end);
  const auto part = rest.substr(0, size);
  rest.remove_prefix(size == rest.npos ? rest.size() : size + 1);
  return trim(part);
}

// "0.75" in thousandths; what is malformed counts as wanted.
int thousandths(std::string_view text) {
  if (text.empty() || (text.front() != '0' && text.front() != '1')) return 1000;
  if (text.front() == '1') return 1000;
  int value = 0;
  int unit = 100;
  for (std::size_t i = 2; i < text.size() && unit > 0; ++i, unit /= 10) {
    if (text[1] != '.' || !is(digit_character, text[i])) return 1000;
    value += unit * (text[i] - '0');
  }
  return value;
}

// How exactly a range names the type: 0 for not at all.
int exactness(std::string_view range, std::string_view type) {
  if (equals_lower(range, type)) return 3;
  if (range == "*/*") return 1;
  const auto slash = type.find('/') + 1;
  const bool all = range.ends_with("/*") && range.size() == slash + 1;
  return all && equals_lower(range.substr(0, slash), type.substr(0, slash)) ? 2 : 0;
}

}  // namespace

int media_quality(std::string_view header, std::string_view type) {
  int best = 0;
  int quality = 0;
  while (!header.empty()) {
    auto element = take(header, ',');
    const int exact = exactness(take(element, ';'), type);
    if (exact <= best) continue;
    best = exact;
    quality = 1000;
    while (!element.empty()) {
      const auto parameter = take(element, ';');
      if (parameter.starts_with("q=") || parameter.starts_with("Q=")) {
        quality = thousandths(parameter.substr(2));
      }
    }
  }
  return quality;
}

}  // namespace thane::wsgi::internal
