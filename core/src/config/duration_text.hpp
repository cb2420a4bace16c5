// Durations as people write them: 60, 1.5, 500ms, 2m.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace thane::internal {

struct ParsedDuration {
  std::chrono::nanoseconds value{};
  std::string error;  ///< What the text is or is not, "is negative"; empty: none.
};

/// A decimal number and a unit: ms, s, m, h or d; seconds if there is none. Exact: no floating
/// point.
[[nodiscard]] ParsedDuration parse_duration(std::string_view text);

/// The shortest that parse_duration() takes: "60" for whole seconds, else "500ms".
[[nodiscard]] std::string duration_text(std::chrono::milliseconds value);

}  // namespace thane::internal
