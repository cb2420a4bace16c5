// The program of tests/programs/errand.cpp.
#pragma once

namespace thane::testing {

inline constexpr const char* errand = PROGRAMS_DIR "/errand";

}  // namespace thane::testing
