// Patterns as a shell has them for names of files, by the rules of Python's fnmatch.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace thane::rpc::internal {

/// `*` is any text, `?` one character, `[a-z]` one of these and `[!a-z]` one that is none of them;
/// a bracket that is never closed is itself, and a backslash nothing special. Characters are those
/// of UTF-8. The work is bounded by the product of both lengths.
class ShellPattern {
 public:
  explicit ShellPattern(std::string_view pattern);

  /// The whole text, and case matters.
  [[nodiscard]] bool matches(std::string_view text) const;

 private:
  using Range = std::pair<char32_t, char32_t>;
  struct Piece {
    enum class Kind { one_of, none_of, any_text } kind;
    std::vector<Range> ranges = {};
    [[nodiscard]] bool takes(char32_t character) const noexcept;
  };
  [[nodiscard]] static Piece set_of(std::u32string_view inside);

  std::vector<Piece> pieces_;
};

}  // namespace thane::rpc::internal
