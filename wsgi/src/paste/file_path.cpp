#include "file_path.hpp"

#include <algorithm>
#include <vector>

namespace thane::wsgi::internal {

std::string absolute_path(std::string_view path, std::string_view working_directory) {
  std::string whole{path};
  if (!path.starts_with('/')) {
    whole = std::string{working_directory} + '/' + whole;
  }
  std::vector<std::string_view> parts;
  std::string_view rest = whole;
  while (!rest.empty()) {
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string_view part = rest.substr(0, slash);
    rest.remove_prefix(std::min(slash + 1, rest.size()));
    if (part == "..") {
      parts.resize(parts.size() - (parts.empty() ? 0 : 1));
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
  }
  // POSIX leaves the meaning of exactly two slashes open, and Python keeps them.
  const bool two_slashes = whole.starts_with("//") && !whole.starts_with("///");
  std::string result = two_slashes ? "/" : "";
  for (const std::string_view part : parts) {
    result += '/';
    result += part;
  }
  return parts.empty() ? result + '/' : result;
}

std::string directory_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == path.npos) {
    return {};
  }
  const std::string_view head = path.substr(0, slash + 1);
  const std::size_t last = head.find_last_not_of('/');
  return std::string{last == head.npos ? head : head.substr(0, last + 1)};
}

}  // namespace thane::wsgi::internal
