// Lines out of octets that come in pieces.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace thane::internal {

/// A value that knows no descriptor. Lines without anything in them are left out; one that is too
/// long comes in parts.
class LineBuffer {
 public:
  static constexpr std::size_t longest_line = 8192;
  using Take = std::function<void(std::string_view line)>;

  /// Gives `take` each line that is complete now, without its end.
  void add(std::string_view bytes, const Take& take);
  /// Gives it what has come of the last one.
  void finish(const Take& take);

 private:
  std::string begun_;
};

}  // namespace thane::internal
