// UTF-8, octet by octet.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <thane/internal/plain_prefix.hpp>

namespace thane::rpc::internal {

using thane::internal::plain_prefix;

/// How many octets at the beginning are whole characters of UTF-8: neither surrogates, nor above
/// U+10FFFF, nor longer than they need be.
[[nodiscard]] std::size_t utf8_prefix(std::string_view text) noexcept;

/// Appends a code point; a surrogate as the three octets that a generous encoder makes of it.
void append_utf8(std::string& out, char32_t code_point);

/// The surrogate that stands at the beginning in such three octets; 0 if there is none.
[[nodiscard]] char32_t leading_surrogate(std::string_view text) noexcept;

}  // namespace thane::rpc::internal
