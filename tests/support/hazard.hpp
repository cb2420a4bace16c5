// The program of tests/programs/hazard.cpp.
#pragma once

#include <string>

namespace thane::testing {

inline const std::string hazard = PROGRAMS_DIR "/hazard";

}  // namespace thane::testing
