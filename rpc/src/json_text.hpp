// JSON as Python's json module writes and reads it, which is a little more than JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace thane::rpc::internal {

/// What an integer that fits no 64 bits is held as: a binary value of this subtype, its digits.
/// The text it came as goes out again, unchanged.
inline constexpr std::uint64_t big_integer_subtype = 0x1e7;

/// Also reads NaN, Infinity, -Infinity, integers of any length and lone surrogates (held as three
/// octets, as WTF-8 does). Throws std::invalid_argument for what Python would not read either, and
/// for values nested deeper than 200.
[[nodiscard]] nlohmann::json decode(std::string_view text);

/// The reverse; octets that are no UTF-8 become U+FFFD.
void encode_to(std::string& out, const nlohmann::json& value);
[[nodiscard]] std::string encode(const nlohmann::json& value);

}  // namespace thane::rpc::internal
