// The house rules as functions of a file's text; tidy_test.cpp puts the whole tree through them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace thane::house {

struct Violation {
  std::size_t line;  // From 1 up; 0: the file as a whole.
  std::string what;

  friend bool operator==(const Violation&, const Violation&) = default;
};
using Violations = std::vector<Violation>;

struct Source {
  std::string path;  // From the root of the tree: "core/src/log.cpp".
  std::string text;
};

inline constexpr std::size_t max_columns = 100;
inline constexpr std::size_t max_function_lines = 70;
inline constexpr std::size_t max_file_lines = 400;
inline constexpr std::size_t max_test_file_lines = 600;
inline constexpr std::size_t max_macros = 2;

/// The text with comments and the insides of literals replaced by blanks, line by line as it was.
std::string blank_comments_and_literals(std::string_view text);

/// Columns, tabs, blanks at ends of lines, a newline at the end of the file.
Violations check_lines(const Source& source);
/// The length of a C++ file and of each function in it, from its brace to the closing one.
Violations check_lengths(const Source& source);
/// First line a sentence that says what the header is for, then #pragma once.
Violations check_header(const Source& header);
/// A source whose header exists includes it before anything else. `headers`: paths of all headers.
Violations check_first_include(const Source& source, const std::vector<std::string>& headers);
/// Public headers stand without Boost, <thane/asio.hpp> excepted.
Violations check_public_includes(const Source& header);
/// Tests wait for a line or a state, never for time on the wall. (Fibers may sleep: in tests of the
/// unit ring they do so in simulated time.)
Violations check_no_sleep(const Source& test);
/// The two words for processes that this project does not use.
Violations check_words(const Source& source);

/// Names in `Opt<T>{.name = "..."}` initialisers.
std::vector<std::string> option_names(std::string_view text);
/// Targets of Markdown links that are paths: no scheme, no fragment.
std::vector<std::string> link_targets(std::string_view markdown);
/// What stands in the blocks of a Markdown page that begin with ``` and the language.
std::vector<std::string> code_blocks(std::string_view markdown, std::string_view language);
std::vector<std::string> macro_names(std::string_view text);

}  // namespace thane::house
