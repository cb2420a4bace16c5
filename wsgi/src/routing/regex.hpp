// Regular expressions in Python's syntax, with a bound on the work that a subject can cause.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thane::wsgi::internal {

/// A capture of a match; without data() if its group took no part.
using Capture = std::string_view;

/// Matches whole subjects. They are read as UTF-8, as Python reads its strings; what is no UTF-8
/// is read octet by octet. A copy shares what was compiled.
class Regex {
 public:
  /// Throws std::invalid_argument for what is no regular expression.
  explicit Regex(const std::string& expression);

  /// Fills `captures` with those of groups 1 and up. Throws request_error with 400 beyond
  /// Mapper::max_match_steps.
  [[nodiscard]] bool match(std::string_view subject, std::vector<Capture>& captures) const;

  [[nodiscard]] std::size_t groups() const noexcept { return groups_; }
  /// Groups that have a name, by number.
  [[nodiscard]] const std::vector<std::pair<std::size_t, std::string>>& names() const noexcept {
    return names_;
  }

 private:
  struct Code;
  void read_names();

  std::shared_ptr<const Code> code_;
  std::size_t groups_ = 0;
  std::vector<std::pair<std::size_t, std::string>> names_;
};

/// Text as an expression that matches it, as Python's re.escape writes it.
[[nodiscard]] std::string regex_escape(std::string_view text);

/// The words as alternatives.
[[nodiscard]] std::string regex_of_words(const std::vector<std::string>& words);

}  // namespace thane::wsgi::internal
