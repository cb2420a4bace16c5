#include "http_date.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "../characters.hpp"

namespace thane::wsgi::internal {

namespace {

constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> days{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                               "Thursday", "Friday", "Saturday"};

std::chrono::sys_days day_of(std::time_t time) {
  using namespace std::chrono;
  return floor<std::chrono::days>(sys_seconds{seconds{time}});
}

// Reads from left to right; what does not fit makes the whole unreadable.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  void expect(std::string_view words) {
    good_ = good_ && rest_.starts_with(words);
    if (good_) rest_.remove_prefix(words.size());
  }
  int number(std::size_t digits) {
    int value = 0;
    good_ = good_ && rest_.size() >= digits;
    for (std::size_t i = 0; good_ && i < digits; ++i) {
      good_ = is(digit_character, rest_[i]);
      value = value * 10 + (rest_[i] - '0');
    }
    if (good_) rest_.remove_prefix(digits);
    return value;
  }
  unsigned month() {
    const auto found = std::ranges::find(months, rest_.substr(0, 3));
    good_ = good_ && found != months.end();
    if (good_) rest_.remove_prefix(3);
    return static_cast<unsigned>(found - months.begin()) + 1;
  }
  /// A day of the week; which one is of no consequence. True for its full name.
  bool weekday() {
    for (const std::string_view day : days) {
      const bool full = rest_.starts_with(day);
      if (!full && !rest_.starts_with(day.substr(0, 3))) continue;
      rest_.remove_prefix(full ? day.size() : 3);
      return full;
    }
    good_ = false;
    return false;
  }
  bool take(std::string_view words) {
    if (!rest_.starts_with(words)) return false;
    rest_.remove_prefix(words.size());
    return true;
  }
  [[nodiscard]] bool at_end() const { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

struct DateParts {
  int year = 0;
  unsigned month = 0;
  int day = 0, hour = 0, minute = 0, second = 0;

  void scan_time(Scanner& scanner) {
    hour = scanner.number(2);
    scanner.expect(":");
    minute = scanner.number(2);
    scanner.expect(":");
    second = scanner.number(2);
  }
};

int year_of_two_digits(int year, std::time_t now) {
  const int this_year = static_cast<int>(std::chrono::year_month_day{day_of(now)}.year());
  const int candidate = this_year / 100 * 100 + year;
  return candidate > this_year + 50 ? candidate - 100 : candidate;
}

DateParts scan(Scanner& scanner, std::time_t now) {
  DateParts parts;
  const bool full_day = scanner.weekday();
  if (!full_day && !scanner.take(",")) {  // asctime(): Sun Nov  6 08:49:37 1994
    scanner.expect(" ");
    parts.month = scanner.month();
    scanner.expect(" ");
    parts.day = scanner.take(" ") ? scanner.number(1) : scanner.number(2);
    scanner.expect(" ");
    parts.scan_time(scanner);
    scanner.expect(" ");
    parts.year = scanner.number(4);
    return parts;
  }
  const std::string_view separator = full_day ? "-" : " ";
  scanner.expect(full_day ? ", " : " ");
  parts.day = scanner.number(2);
  scanner.expect(separator);
  parts.month = scanner.month();
  scanner.expect(separator);
  parts.year = full_day ? year_of_two_digits(scanner.number(2), now) : scanner.number(4);
  scanner.expect(" ");
  parts.scan_time(scanner);
  scanner.expect(" GMT");
  return parts;
}

}  // namespace

std::string format_http_date(std::time_t time) {
  const auto day = day_of(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::weekday weekday{day};
  const auto seconds = time - day.time_since_epoch() / std::chrono::seconds{1};
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                     days[weekday.c_encoding()].substr(0, 3), unsigned{date.day()},
                     months[unsigned{date.month()} - 1], int{date.year()}, seconds / 3600,
                     seconds / 60 % 60, seconds % 60);
}

std::optional<std::time_t> parse_http_date(std::string_view text, std::time_t now) {
  using namespace std::chrono;
  Scanner scanner{text};
  const DateParts parts = scan(scanner, now);
  if (!scanner.at_end()) return std::nullopt;
  const year_month_day date{year{parts.year}, month{parts.month},
                            day{static_cast<unsigned>(parts.day)}};
  // A second 60 is a leap second.
  if (!date.ok() || parts.hour > 23 || parts.minute > 59 || parts.second > 60) return std::nullopt;
  const auto time = sys_days{date}.time_since_epoch() + hours{parts.hour} + minutes{parts.minute} +
                    seconds{parts.second};
  return duration_cast<seconds>(time).count();
}

}  // namespace thane::wsgi::internal
