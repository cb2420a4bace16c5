// What each fuzz target consists of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// Where a target begins: inputs as its parser may meet them.
std::vector<std::string> fuzz_seeds();

/// The octets that mean something to the parser.
std::string fuzz_alphabet();

/// One input; libFuzzer's entry point. A violation is a THANE_ASSERT. Returns 0.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
