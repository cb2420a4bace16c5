// Compares paths with patterns that need no regular expressions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "routing/regex.hpp"
#include "routing/requirement.hpp"

namespace thane::wsgi::internal {

/// The path from one end to the other, as texts and variables; gives the captures that a
/// backtracking regular expression would.
class PathMatcher {
 public:
  enum class Presence : std::uint8_t {
    required,
    optional_after_dot,  ///< Left out together with the '.' before it, if that is possible.
  };

  void add_text(std::string_view text);
  void add_run(Run run, Presence presence);
  void add_words(std::vector<std::string> words, Presence presence);

  /// Fills `captures`, one for each variable. Throws request_error with 400 beyond
  /// Mapper::max_match_steps.
  [[nodiscard]] bool match(std::string_view path, std::vector<Capture>& captures) const;

 private:
  using Words = std::vector<std::string>;
  struct Piece {
    std::variant<std::string, Run, Words> what;
    Presence presence = Presence::required;
    std::size_t variable = 0;
  };
  struct Attempt {
    std::string_view path;
    std::vector<Capture>& captures;
    std::size_t steps = 0;
  };

  [[nodiscard]] bool try_piece(Attempt& attempt, std::size_t piece, std::size_t at) const;
  [[nodiscard]] bool try_variable(Attempt& attempt, std::size_t piece, std::size_t at) const;
  [[nodiscard]] bool try_run(Attempt& attempt, std::size_t piece, std::size_t at) const;
  [[nodiscard]] bool try_take(Attempt& attempt, std::size_t piece, std::size_t at,
                              std::size_t size) const;

  std::vector<Piece> pieces_;
  std::size_t variables_ = 0;
};

}  // namespace thane::wsgi::internal
