// A program that is told what to do by lines, and answers by lines.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <thane/unique_fd.hpp>

#include "measured_program.hpp"

namespace thane::bench {

class TalkingProgram {
 public:
  TalkingProgram(const std::vector<std::string>& command, const std::filesystem::path& log);

  void tell(const std::string& line);
  /// Throws std::runtime_error when the program ends, says nothing for 20 seconds, or a signal
  /// comes to this process.
  [[nodiscard]] std::string hear();

  [[nodiscard]] pid_t pid() const noexcept { return program_->pid(); }

 private:
  std::string name_;
  UniqueFd to_;
  UniqueFd from_;
  std::optional<MeasuredProgram> program_;
};

}  // namespace thane::bench
