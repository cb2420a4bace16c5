// What stands behind an AnyOpt.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <thane/opt.hpp>

namespace thane::internal {

/// The value of any option; all values of one option hold the same alternative.
using OptValue = std::variant<bool, int, std::int64_t, double, std::string, std::chrono::seconds,
                              std::chrono::milliseconds, std::vector<std::string>>;

/// An Opt<T> of any T.
struct OptDefinition {
  std::string name;
  OptValue default_value;
  std::string help;
  std::optional<OptValue> min;
  std::optional<OptValue> max;
  std::vector<OptValue> choices;
  Change change = Change::at_restart;
  Secrecy secrecy = Secrecy::open;
  std::string deprecated_name;
};

}  // namespace thane::internal
