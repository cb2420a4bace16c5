#include "duration_text.hpp"

#include <fmt/core.h>

#include <array>
#include <cstdint>
#include <limits>
#include <utility>

namespace thane::internal {

namespace {

constexpr std::int64_t second = 1'000'000'000;  // All in nanoseconds.
constexpr std::array<std::pair<std::string_view, std::int64_t>, 6> units{{{"", second},
                                                                          {"ms", second / 1000},
                                                                          {"s", second},
                                                                          {"m", 60 * second},
                                                                          {"h", 3600 * second},
                                                                          {"d", 86400 * second}}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::size_t count_digits(std::string_view text) {
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count])) {
    ++count;
  }
  return count;
}

std::int64_t unit_from(std::string_view name) {
  for (const auto& [known, nanoseconds] : units) {
    if (name == known) {
      return nanoseconds;
    }
  }
  return 0;
}

// text * unit, both limits checked; false: too long for 64 bits.
bool add_whole(std::string_view digits, std::int64_t unit, std::int64_t& total) {
  std::int64_t whole = 0;
  for (const char c : digits) {
    if (__builtin_mul_overflow(whole, 10, &whole) ||
        __builtin_add_overflow(whole, c - '0', &whole)) {
      return false;
    }
  }
  return !__builtin_mul_overflow(whole, unit, &whole) &&
         !__builtin_add_overflow(total, whole, &total);
}

}  // namespace

ParsedDuration parse_duration(std::string_view text) {
  const std::string_view not_a_duration = "is not a duration; write it as 60, 1.5, 500ms, 2m or 1h";
  if (text.starts_with('-')) {
    return {{}, "is negative"};
  }
  const std::string_view whole = text.substr(0, count_digits(text));
  std::string_view rest = text.substr(whole.size());
  std::string_view fraction;
  if (rest.starts_with('.')) {
    fraction = rest.substr(1, count_digits(rest.substr(1)));
    rest.remove_prefix(1 + fraction.size());
  }
  if (rest.starts_with(' ')) {
    rest.remove_prefix(1);
  }
  const std::int64_t unit = unit_from(rest);
  if (whole.empty() || unit == 0 || (fraction.empty() && text.find('.') != text.npos)) {
    return {{}, std::string{not_a_duration}};
  }

  std::int64_t total = 0;
  if (!add_whole(whole, unit, total)) {
    return {{}, "is too long"};
  }
  // What is finer than the unit allows is refused rather than rounded: 0.0001ms is a mistake.
  std::int64_t weight = unit;
  for (const char c : fraction) {
    if (c != '0' && (weight % 10 != 0 || weight == 0)) {
      return {{}, "is finer than a nanosecond"};
    }
    weight /= 10;
    if (__builtin_add_overflow(total, (c - '0') * weight, &total)) {
      return {{}, "is too long"};
    }
  }
  return {std::chrono::nanoseconds{total}, {}};
}

std::string duration_text(std::chrono::milliseconds value) {
  if (value.count() % 1000 == 0) {
    return fmt::format("{}", value.count() / 1000);
  }
  return fmt::format("{}ms", value.count());
}

}  // namespace thane::internal
