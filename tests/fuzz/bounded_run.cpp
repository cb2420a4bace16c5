// A fuzz target as a test: its seeds, what libFuzzer found that reaches more (corpus/NAME), and a
// number of random changes to the seeds, the same every time.
//
//   fuzz.NAME                      50,000 inputs
//   fuzz.NAME COUNT
//   fuzz.NAME --write-seeds DIR    the seeds as files, for libFuzzer to begin with
#include <signal.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz_target.hpp"
#include "support/mutator.hpp"

namespace {

std::string current;

// A failed assertion aborts: the input that led there is shown, to become a test case.
void show_input(int) {
  std::fputs("the input was: \"", stderr);
  for (const char c : current) {
    const bool plain = c >= ' ' && c <= '~' && c != '"' && c != '\\';
    std::fprintf(stderr, plain ? "%c" : "\\%03o", static_cast<unsigned char>(c));
  }
  std::fputs("\"\n", stderr);
}

void run(const std::string& input) {
  current = input;
  // A copy of its own exact size: AddressSanitizer sees a read past the end.
  const std::vector<std::uint8_t> octets(input.begin(), input.end());
  LLVMFuzzerTestOneInput(octets.data(), octets.size());
}

int run_corpus(std::string_view name) {
  const std::filesystem::path folder = std::filesystem::path{CORPORA} / name;
  int number = 0;
  if (!std::filesystem::exists(folder)) return number;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    std::ifstream file{entry.path(), std::ios::binary};
    run({std::istreambuf_iterator<char>{file}, {}});
    ++number;
  }
  return number;
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
  ::signal(SIGABRT, show_input);
  constexpr long usual = 50'000;
  const long count = argc == 2 ? std::atol(argv[1]) : usual;
  const auto seeds = fuzz_seeds();
  for (const auto& seed : seeds) {
    run(seed);
  }
  // Called fuzz.NAME.
  const int found = run_corpus(std::filesystem::path{argv[0]}.extension().string().substr(1));
  thane::testing::Mutator mutator{seeds, fuzz_alphabet()};
  for (long i = 0; i < count; ++i) {
    run(mutator.next());
  }
  std::printf("%zu seeds, %d of the corpus, %ld changed inputs\n", seeds.size(), found, count);
}
