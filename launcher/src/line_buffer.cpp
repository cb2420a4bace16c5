#include "line_buffer.hpp"

#include <algorithm>
#include <utility>

namespace thane::internal {

void LineBuffer::add(std::string_view bytes, const Take& take) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::size_t size = std::min({end, bytes.size(), longest_line - begun_.size()});
    begun_.append(bytes.substr(0, size));
    bytes.remove_prefix(size);
    const bool ended = !bytes.empty() && bytes.front() == '\n';
    if (ended) bytes.remove_prefix(1);
    if (ended || begun_.size() == longest_line) finish(take);
  }
}

void LineBuffer::finish(const Take& take) {
  const std::string line = std::exchange(begun_, {});
  std::string_view text = line;
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (!text.empty()) take(text);
}

}  // namespace thane::internal
