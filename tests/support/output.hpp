// The captured output of a program, as lines that are seen, consumed and shown.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <thane/unique_fd.hpp>

namespace thane::testing {

/// Reads one end of a pipe. Knows nothing of processes.
class Output {
 public:
  explicit Output(UniqueFd source) : source_(std::move(source)) {}

  /// Waits for more, but not past the deadline; false if nothing came.
  bool read_until(std::chrono::steady_clock::time_point deadline);
  void read_available();
  [[nodiscard]] bool ended() const noexcept { return !source_; }
  void close() { source_.reset(); }
  [[nodiscard]] int fd() const noexcept { return source_.get(); }

  /// The rest of the first unconsumed line that begins with `prefix`.
  std::optional<std::string> consume(std::string_view prefix);
  [[nodiscard]] bool has(std::string_view prefix) const;
  [[nodiscard]] std::size_t count(std::string_view prefix) const;
  [[nodiscard]] std::vector<std::string> messages() const;
  /// All of it, for people.
  [[nodiscard]] std::string transcript() const;

 private:
  struct Line {
    std::string text;
    std::size_t message;  // Where in `text` it begins.
    bool consumed;
  };
  void split();

  UniqueFd source_;
  std::string partial_;
  std::vector<Line> lines_;
};

}  // namespace thane::testing
