#include "sheet.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace thane::bench {

void Sheet::add_never(const std::string& row, double seconds) {
  add(row, {never, fmt::format("never (> {:.0f} s)", seconds)});
}

long Sheet::nevers() const {
  long count = 0;
  for (const auto& [row, samples] : rows_) {
    count += std::count_if(samples.begin(), samples.end(),
                           [](const Sample& sample) { return sample.value == never; });
  }
  return count;
}

std::string Sheet::cell(const std::string& row, int decimals, Pick pick) const {
  const auto found = rows_.find(row);
  if (found == rows_.end()) return "-";
  std::vector<Sample> samples = found->second;
  std::sort(samples.begin(), samples.end(),
            [](const Sample& one, const Sample& other) { return one.value < other.value; });
  const Sample& sample = pick == Pick::worst ? samples.back() : samples[samples.size() / 2];
  return sample.text.empty() ? fmt::format("{:.{}f}", sample.value, decimals) : sample.text;
}

void Table::print() const {
  std::vector<std::size_t> widths;
  for (const auto& line : lines_) {
    widths.resize(std::max(widths.size(), line.size()));
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  for (const auto& line : lines_) {
    std::string text = fmt::format("{:<{}}", line.front(), widths.front());
    for (std::size_t i = 1; i < line.size(); ++i) {
      text += fmt::format("  {:>{}}", line[i], widths[i]);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    fmt::print("{}\n", text);
  }
}

}  // namespace thane::bench
