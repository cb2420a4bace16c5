// What was measured of one server: samples by row, and the table of several of them.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace thane::bench {

/// The value of what did not happen as long as anybody waited.
inline constexpr double never = 1e9;

struct Sample {
  double value = 0;
  std::string text = {};  ///< What the table shows; empty: the value.
};

/// How the table makes one number of several samples.
enum class Pick {
  median,
  worst,  ///< The largest: for failures, which a median would hide.
};

class Sheet {
 public:
  void add(const std::string& row, Sample sample) { rows_[row].push_back(std::move(sample)); }
  /// "never (> 10 s)"
  void add_never(const std::string& row, double seconds);

  [[nodiscard]] bool has(const std::string& row) const { return rows_.contains(row); }
  /// How many samples are `never`.
  [[nodiscard]] long nevers() const;
  /// "-" if there is no sample.
  [[nodiscard]] std::string cell(const std::string& row, int decimals, Pick pick) const;

 private:
  std::map<std::string, std::vector<Sample>> rows_;
};

/// Lines of cells, of which the first is the widest and flush left.
class Table {
 public:
  void add(std::vector<std::string> cells) { lines_.push_back(std::move(cells)); }
  void print() const;

 private:
  std::vector<std::vector<std::string>> lines_;
};

}  // namespace thane::bench
