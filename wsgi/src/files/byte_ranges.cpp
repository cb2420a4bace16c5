#include "byte_ranges.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "../characters.hpp"
#include "../field_list.hpp"

namespace thane::wsgi::internal {

namespace {

// Digits alone; what is larger than any file is as good as the largest number.
std::optional<std::uint64_t> position(std::string_view text) {
  const bool digits = std::ranges::all_of(text, [](char c) { return is(digit_character, c); });
  if (text.empty() || !digits) return std::nullopt;
  std::uint64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc{}) return std::numeric_limits<std::uint64_t>::max();
  return value;
}

// The octets that one element asks for, none if they are not there; nullopt if it is malformed.
std::optional<ByteRange> parse_range(std::string_view text, std::uint64_t size) {
  const std::size_t dash = text.find('-');
  if (dash == text.npos) return std::nullopt;
  const auto last = position(text.substr(dash + 1));
  if (dash == 0) {
    // All of an empty body is there to be had, but Content-Range cannot say so.
    if (!last || (size == 0 && *last > 0)) return std::nullopt;
    const std::uint64_t count = std::min(*last, size);
    return ByteRange{size - count, count};
  }
  const auto first = position(text.substr(0, dash));
  const bool open = dash + 1 == text.size();
  if (!first || (!open && !last) || (last && *last < *first)) return std::nullopt;
  if (*first >= size) return ByteRange{};
  const std::uint64_t end = open ? size : std::min(*last, size - 1) + 1;
  return ByteRange{*first, end - *first};
}

}  // namespace

WantedRanges parse_byte_ranges(std::string_view field, std::uint64_t size, std::size_t most) {
  using Kind = WantedRanges::Kind;
  constexpr std::string_view unit = "bytes=";
  if (!equals_lower(field.substr(0, unit.size()), unit)) return {};
  WantedRanges wanted{Kind::some};
  std::size_t count = 0;
  std::uint64_t total = 0;
  bool malformed = false;
  for_each_element(field.substr(unit.size()), [&](std::string_view element) {
    const auto range = parse_range(element, size);
    malformed = malformed || !range;
    if (malformed || ++count > most || range->size == 0) return;
    total += range->size;
    wanted.ranges.push_back(*range);
  });
  if (malformed || count == 0 || count > most || total > size) return {};
  if (wanted.ranges.empty()) wanted.kind = Kind::unsatisfiable;
  return wanted;
}

}  // namespace thane::wsgi::internal
