#include <thane/servicegroup/record.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>

namespace thane::servicegroup {

namespace {

using std::chrono::microseconds;

constexpr std::size_t columns = 9;
using Line = std::array<std::string, columns>;

std::string time_text(Record::Time time) {
  const auto since_epoch = std::chrono::duration_cast<microseconds>(time.time_since_epoch());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}",
                     fmt::gmtime(static_cast<std::time_t>(seconds.count())),
                     (since_epoch - seconds).count());
}

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : text;
}

Line line_of(const Record& record, Duration service_down_time) {
  return {record.member.binary,
          record.member.host,
          or_dash(record.member.topic),
          record.disabled ? "disabled" : "enabled",
          is_up(record, service_down_time) ? "up" : "down",
          time_text(record.updated_at),
          or_dash(record.disabled_reason),
          record.forced_down ? "True" : "False",
          std::to_string(record.member.version)};
}

}  // namespace

bool is_up(const Record& record, Duration service_down_time) noexcept {
  if (record.forced_down) return false;
  const auto elapsed =
      std::chrono::duration_cast<microseconds>(record.read_at - record.last_seen_up);
  return std::chrono::abs(elapsed) <= service_down_time;
}

std::int64_t minimum_version(const std::vector<Record>& records, std::string_view binary) noexcept {
  bool found = false;
  std::int64_t lowest = 0;
  for (const Record& record : records) {
    if (record.member.binary != binary) continue;
    lowest = found ? std::min(lowest, record.member.version) : record.member.version;
    found = true;
  }
  return lowest;
}

std::string table(const std::vector<Record>& records, Duration service_down_time) {
  std::vector<Line> lines{{"Binary", "Host", "Topic", "Status", "State", "Updated At",
                           "Disabled Reason", "Forced Down", "Version"}};
  for (const Record& record : records) lines.push_back(line_of(record, service_down_time));

  std::array<std::size_t, columns> widths{};
  for (const Line& line : lines) {
    for (std::size_t i = 0; i < columns; ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string rule = "+";
  for (const std::size_t width : widths) rule += std::string(width + 2, '-') + "+";

  std::string text = rule + "\n";
  for (const Line& line : lines) {
    text += "|";
    for (std::size_t i = 0; i < columns; ++i) text += fmt::format(" {:<{}} |", line[i], widths[i]);
    text += "\n";
    if (&line == &lines.front()) text += rule + "\n";
  }
  return text + rule + "\n";
}

}  // namespace thane::servicegroup
