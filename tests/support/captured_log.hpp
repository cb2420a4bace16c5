// The log of this process, caught in a file while a test runs.
#pragma once

#include <algorithm>
#include <fstream>
#include <string>
#include <thane/log_options.hpp>
#include <vector>

#include "temporary_directory.hpp"

namespace thane::testing {

class CapturedLog {
 public:
  explicit CapturedLog(log::Level level = log::Level::info) {
    log::set_level(level);
    log::to_file(path_);
  }
  ~CapturedLog() {
    log::to_stderr();
    log::set_level(log::Level::info);
  }
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;

  /// How many lines contain `text`.
  [[nodiscard]] long count(const std::string& text) const {
    log::flush();
    std::ifstream file{path_};
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) {
      lines.push_back(line);
    }
    return std::count_if(lines.begin(), lines.end(), [&](const std::string& line) {
      return line.find(text) != std::string::npos;
    });
  }

 private:
  TemporaryDirectory directory_;
  std::string path_ = directory_.path() + "/log";
};

}  // namespace thane::testing
