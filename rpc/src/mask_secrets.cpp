#include "mask_secrets.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace thane::rpc::internal {

namespace {

// In lower case; a name that contains one of them is a secret's.
constexpr std::array<std::string_view, 13> parts{
    "password", "passphrase",  "adminpass",   "admin_pass",    "new_pass",  "sys_pswd", "secret",
    "token",    "configdrive", "private_key", "encrypted_key", "fernetkey", "sslkey"};

bool is_secret(std::string name) {
  for (char& letter : name) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter + 32);
  }
  return std::ranges::any_of(
      parts, [&](std::string_view part) { return name.find(part) != std::string::npos; });
}

}  // namespace

nlohmann::json mask_secrets(nlohmann::json value) {
  if (value.is_object()) {
    for (auto& [name, member] : value.items()) {
      member = is_secret(name) && !member.is_structured() ? nlohmann::json("***")
                                                          : mask_secrets(std::move(member));
    }
  } else if (value.is_array()) {
    for (nlohmann::json& each : value) each = mask_secrets(std::move(each));
  }
  return value;
}

}  // namespace thane::rpc::internal
