// Regular expressions for text that anybody may send: no recursion, and a bound on the work.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace thane::rpc::internal {

/// Matches at the beginning of a text, as Python's re.match(). Copies share what was compiled.
class Pattern {
 public:
  /// Throws std::invalid_argument for what is no regular expression (of PCRE2).
  explicit Pattern(const std::string& expression);

  /// A text that would take too long does not match; that is logged.
  [[nodiscard]] bool matches(std::string_view text) const;

 private:
  struct Code;
  std::shared_ptr<const Code> code_;
};

}  // namespace thane::rpc::internal
