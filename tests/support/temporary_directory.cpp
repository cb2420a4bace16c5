#include "temporary_directory.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>

namespace thane::testing {

TemporaryDirectory::TemporaryDirectory() : path_("/tmp/thane-test-XXXXXX") {
  if (::mkdtemp(path_.data()) == nullptr) {
    throw std::runtime_error("cannot make a directory " + path_);
  }
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::file(std::string_view name) const {
  return path_ + "/" + std::string{name};
}

std::string TemporaryDirectory::write(std::string_view name, std::string_view text) const {
  const std::string path = file(name);
  const std::string draft = path + ".draft";
  std::ofstream stream{draft, std::ios::binary | std::ios::trunc};
  stream << text;
  stream.close();
  if (!stream) {
    throw std::runtime_error("cannot write " + draft);
  }
  std::filesystem::rename(draft, path);
  return path;
}

void TemporaryDirectory::remove(std::string_view name) const {
  std::filesystem::remove(file(name));
}

}  // namespace thane::testing
