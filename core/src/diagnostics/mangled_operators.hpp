// The operators of mangled C++ names: how they are written, and what follows them in an expression.
#pragma once

#include <string_view>

namespace thane::internal {

/// One of the Itanium ABI's two-letter codes. `operands` has a letter for each thing that follows
/// the code in an expression: e an expression, t a type, a an argument of a template; * repeats
/// what stands before it up to an E.
struct MangledOperator {
  std::string_view code;
  std::string_view text;      ///< After "operator"; empty: no function is called so.
  std::string_view operands;  ///< Empty: stands in no expression, or is read by hand.
};

/// Null: there is none of that code.
[[nodiscard]] const MangledOperator* find_mangled_operator(std::string_view code) noexcept;

}  // namespace thane::internal
