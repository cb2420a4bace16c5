// Random changes to texts, the same in every run: what parsers are tried with besides good input.
#pragma once

#include <cstddef>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace thane::testing {

/// Yields texts near to those it is given. Where it cuts and what it puts in is drawn from a
/// generator of fixed seed, so that a failure comes again.
class Mutator {
 public:
  /// `seeds`: not empty. `alphabet`: the octets that mean something to the parser; they are put in
  /// as often as all others together.
  Mutator(std::vector<std::string> seeds, std::string alphabet)
      : seeds_(std::move(seeds)), alphabet_(std::move(alphabet)) {}

  /// One of the seeds with one to four changes: octets exchanged, put in or taken out, stretches
  /// repeated or taken out, the rest of another seed.
  [[nodiscard]] std::string next();

 private:
  std::size_t below(std::size_t limit);
  char octet();
  void change(std::string& text);

  std::vector<std::string> seeds_;
  std::string alphabet_;
  std::mt19937 random_{20240229};
};

}  // namespace thane::testing
