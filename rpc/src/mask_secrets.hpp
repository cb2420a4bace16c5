// Keeps passwords out of what is logged.
#pragma once

#include <nlohmann/json.hpp>

namespace thane::rpc::internal {

/// The same with "***" in the place of each value whose name speaks of a secret ("adminPass",
/// "auth_token"), however deep: the names that oslo.utils masks.
[[nodiscard]] nlohmann::json mask_secrets(nlohmann::json value);

}  // namespace thane::rpc::internal
