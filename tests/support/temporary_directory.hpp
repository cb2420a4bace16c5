// A directory that is gone after the test, and the files in it.
#pragma once

#include <string>
#include <string_view>

namespace thane::testing {

/// Made below /tmp; removed with all it holds by the destructor.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// The absolute path of a file in it, which need not exist.
  [[nodiscard]] std::string file(std::string_view name) const;

  /// Writes a whole file at once (by rename: nobody ever reads half of it); returns its path.
  std::string write(std::string_view name, std::string_view text) const;
  void remove(std::string_view name) const;

 private:
  std::string path_;
};

}  // namespace thane::testing
