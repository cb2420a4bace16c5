#include "support/mutator.hpp"

#include <algorithm>

namespace thane::testing {

std::string Mutator::next() {
  std::string text = seeds_[below(seeds_.size())];
  for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
    change(text);
  }
  return text;
}

// Not std::uniform_int_distribution, which differs from one standard library to the next.
std::size_t Mutator::below(std::size_t limit) {
  return random_() % limit;
}

char Mutator::octet() {
  return below(2) == 0 ? alphabet_[below(alphabet_.size())] : static_cast<char>(below(256));
}

void Mutator::change(std::string& text) {
  constexpr std::size_t longest_stretch = 40;
  const std::size_t at = below(text.size() + 1);
  const std::size_t size = std::min(1 + below(longest_stretch), text.size() - at);
  switch (below(6)) {
    case 0:
      if (at < text.size()) text[at] = octet();
      return;
    case 1:
      text.insert(at, 1, octet());
      return;
    case 2:
      text.erase(at, 1);
      return;
    case 3:
      text.erase(at, size);
      return;
    case 4:
      text.insert(at, std::string{text, at, size});
      return;
    default: {
      const std::string& other = seeds_[below(seeds_.size())];
      text = text.substr(0, at) + other.substr(std::min(below(other.size() + 1), other.size()));
    }
  }
}

}  // namespace thane::testing
