// One source giving a value to one option.
#pragma once

#include <string>
#include <vector>

#include "registry.hpp"

namespace thane::internal {

struct Assignment {
  OptName option;
  std::string text;
  std::string origin;  ///< For people who ask where a value is from: "app.conf:3", "command line".
  std::string
      where;  ///< What an error message begins with: "app.conf:3: web.workers", "--workers".
};

/// What one source says, in its order. A list option takes all of its assignments, any other the
/// last.
using Layer = std::vector<Assignment>;

using Warnings = std::vector<std::string>;

}  // namespace thane::internal
