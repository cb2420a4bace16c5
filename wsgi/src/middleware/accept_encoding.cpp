#include "accept_encoding.hpp"

#include <algorithm>
#include <optional>

#include "../characters.hpp"
#include "../field_list.hpp"

namespace thane::wsgi::internal {

namespace {

constexpr int whole = 1000;

// "0.5" as 500: a weight has one digit and at most three behind the point.
std::optional<int> parse_weight(std::string_view text) {
  if (text.empty() || (text[0] != '0' && text[0] != '1') || text.size() > 5) return std::nullopt;
  int weight = (text[0] - '0') * whole;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  int unit = whole / 10;
  for (const char c : text.substr(std::min<std::size_t>(text.size(), 2))) {
    if (!is(digit_character, c)) return std::nullopt;
    weight += (c - '0') * unit;
    unit /= 10;
  }
  return weight > whole ? std::nullopt : std::optional{weight};
}

// The weight of an element "coding;q=0.5"; nullopt if it is malformed.
std::optional<int> weight_of(std::string_view parameters) {
  parameters = trim(parameters);
  if (parameters.empty()) return whole;
  if (parameters.front() != ';') return std::nullopt;
  parameters = trim(parameters.substr(1));
  if (!equals_lower(parameters.substr(0, 2), "q=")) return std::nullopt;
  return parse_weight(parameters.substr(2));
}

}  // namespace

bool prefers_gzip(std::string_view accept_encoding) {
  std::optional<int> gzip, identity, others;
  for_each_element(accept_encoding, [&](std::string_view element) {
    const std::size_t end = std::min(element.find_first_of("; \t"), element.size());
    const std::string_view coding = element.substr(0, end);
    const auto weight = weight_of(element.substr(end));
    if (!weight) return;
    if (equals_lower(coding, "gzip") || equals_lower(coding, "x-gzip")) {
      gzip = std::max(gzip.value_or(0), *weight);
    } else if (equals_lower(coding, "identity")) {
      identity = weight;
    } else if (coding == "*") {
      others = weight;
    }
  });
  const int wanted = gzip.value_or(others.value_or(0));
  // Who does not say anything of no coding takes it, but rather one that it names.
  return wanted > 0 && wanted >= identity.value_or(gzip ? 0 : others.value_or(0));
}

}  // namespace thane::wsgi::internal
