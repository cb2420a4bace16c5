// The program of tests/contract/http_contract.cpp.
#pragma once

namespace thane::testing {

inline constexpr const char* http_contract = CONTRACT_DIR "/http_contract";

}  // namespace thane::testing
