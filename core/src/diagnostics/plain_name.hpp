// Mangled C++ names as people write them, for places where nothing may be allocated.
#pragma once

#include <span>
#include <string_view>

namespace thane::internal {

/// The name of a function: `shop::Stock::get` for _ZN4shop5Stock3getEi. Arguments are left out,
/// those of templates shown as <...>; a lambda is {lambda#1}, as in the compiler's own words.
/// Suffixes such as .cold stay. What is no mangled name, or not understood, is returned as it is;
/// what does not fit into `out` is cut and ends with "...".
///
/// Safe in signal handlers: allocates nothing, takes no lock, and uses a bounded part of the stack,
/// whatever the bytes.
[[nodiscard]] std::string_view plain_name(std::string_view symbol, std::span<char> out) noexcept;

/// The same for what std::type_info::name() returns: `std::runtime_error` for St13runtime_error.
[[nodiscard]] std::string_view plain_type_name(std::string_view type, std::span<char> out) noexcept;

}  // namespace thane::internal
