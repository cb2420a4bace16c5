// JSON as Python's json module writes and reads it, which is a little more than JSON.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
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

/// The value of a member that is being read; to be taken by one of these, or left.
class MemberValue {
 public:
  MemberValue() = default;
  virtual ~MemberValue() = default;
  MemberValue(const MemberValue&) = delete;
  MemberValue& operator=(const MemberValue&) = delete;

  virtual nlohmann::json take() = 0;
  /// Nothing if it is no string.
  virtual std::optional<std::string> take_text() = 0;
};

/// decode() for an object whose members are wanted one by one, in their order; a name may come
/// twice. False, and nothing was called, if the text is that of something else or of nothing.
using MemberTaker = std::function<void(std::string_view name, MemberValue& value)>;
[[nodiscard]] bool decode_members(std::string_view text, const MemberTaker& taker);

/// The reverse; octets that are no UTF-8 become U+FFFD.
void encode_to(std::string& out, const nlohmann::json& value);
void encode_text_to(std::string& out, std::string_view text);
[[nodiscard]] std::string encode(const nlohmann::json& value);

}  // namespace thane::rpc::internal
