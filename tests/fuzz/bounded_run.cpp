// A fuzz target as a test: its seeds and a number of random changes to them, the same every time.
//
//   fuzz.NAME                      50,000 inputs
//   fuzz.NAME COUNT
//   fuzz.NAME --write-seeds DIR    the seeds as files, for libFuzzer to begin with
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz_target.hpp"
#include "support/mutator.hpp"

namespace {

void run(const std::string& input) {
  // A copy of its own exact size: AddressSanitizer sees a read past the end.
  const std::vector<std::uint8_t> octets(input.begin(), input.end());
  LLVMFuzzerTestOneInput(octets.data(), octets.size());
}

void write_seeds(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  int number = 0;
  for (const auto& seed : fuzz_seeds()) {
    std::ofstream{folder / ("seed-" + std::to_string(number++)), std::ios::binary} << seed;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view{argv[1]} == "--write-seeds") {
    write_seeds(argv[2]);
    return 0;
  }
  constexpr long usual = 50'000;
  const long count = argc == 2 ? std::atol(argv[1]) : usual;
  const auto seeds = fuzz_seeds();
  for (const auto& seed : seeds) {
    run(seed);
  }
  thane::testing::Mutator mutator{seeds, fuzz_alphabet()};
  for (long i = 0; i < count; ++i) {
    run(mutator.next());
  }
  std::printf("%zu seeds, %ld changed inputs\n", seeds.size(), count);
}
