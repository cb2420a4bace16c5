#include "class_name.hpp"

#include <cstddef>

namespace thane::internal {

std::string plain_class_name(std::string_view demangled) {
  if (demangled.ends_with(']')) {
    demangled = demangled.substr(0, demangled.rfind('['));
  }
  if (demangled.ends_with('>')) {
    std::size_t depth = 0;
    std::size_t at = demangled.size();
    do {
      --at;
      depth += demangled[at] == '>' ? 1 : 0;
      depth -= demangled[at] == '<' ? 1 : 0;
    } while (depth > 0 && at > 0);
    demangled = demangled.substr(0, at);
  }
  if (const std::size_t colons = demangled.rfind("::"); colons != std::string_view::npos) {
    demangled = demangled.substr(colons + 2);
  }

  std::string name{demangled};
  for (char& letter : name) {
    if (letter >= 'A' && letter <= 'Z') {
      letter = static_cast<char>(letter - 'A' + 'a');
    }
  }
  return name;
}

}  // namespace thane::internal
