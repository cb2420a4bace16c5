#include "rules.hpp"

#include <algorithm>
#include <filesystem>
#include <regex>
#include <sstream>

namespace thane::house {
namespace {

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  std::istringstream stream{std::string(text)};
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

// Characters, not bytes: a drawing in a comment is as wide as it looks.
std::size_t columns(std::string_view line) {
  return static_cast<std::size_t>(std::ranges::count_if(
      line, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

Violations lines_that_match(std::string_view text, const std::regex& pattern,
                            const std::string& what) {
  Violations found;
  const auto lines = lines_of(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (std::smatch match; std::regex_search(lines[i], match, pattern)) {
      found.push_back({i + 1, what + ": " + match.str()});
    }
  }
  return found;
}

std::vector<std::string> all_matches(std::string_view text, const std::regex& pattern) {
  std::vector<std::string> found;
  using Iterator = std::regex_iterator<std::string_view::const_iterator>;
  for (Iterator match{text.begin(), text.end(), pattern}, end; match != end; ++match) {
    found.push_back((*match)[1].str());
  }
  return found;
}

// A brace opens a function if what stands before it has parentheses and opens no scope of names.
bool opens_function(const std::string& before) {
  static const std::regex scope{
      R"(^\s*(template\s*<[^{]*>\s*)?(namespace|class|struct|enum|union)\b)"};
  return before.find('(') != std::string::npos && !std::regex_search(before, scope);
}

// Directives are lines of another language; one may go on behind a backslash.
std::string blank_directives(std::string code) {
  bool directive = false;
  for (std::size_t begin = 0; begin < code.size();) {
    const auto end = std::min(code.find('\n', begin), code.size());
    const auto first = code.find_first_not_of(' ', begin);
    directive = directive || (first < end && code[first] == '#');
    if (directive) {
      directive = end > begin && code[end - 1] == '\\';
      std::fill(code.begin() + static_cast<std::ptrdiff_t>(begin),
                code.begin() + static_cast<std::ptrdiff_t>(end), ' ');
    }
    begin = end + 1;
  }
  return code;
}

// Walks the braces of a file and keeps, for each open one, whether it is that of a function.
class FunctionLengths {
 public:
  Violations measure(const std::string& code) {
    for (const char c : code) {
      step(c);
    }
    return found_;
  }

 private:
  void step(char c) {
    if (c == '\n') {
      ++line_;
    }
    if (c == '{') {
      open();
    } else if (c == '}') {
      close();
    } else if (c == ';') {
      before_.clear();
    } else {
      before_ += c;
    }
  }

  void open() {
    ++depth_;
    if (function_depth_ == 0 && opens_function(before_)) {
      function_depth_ = depth_;
      function_line_ = line_;
    }
    before_.clear();
  }

  void close() {
    if (depth_ == function_depth_) {
      const auto length = line_ - function_line_ + 1;
      if (length > max_function_lines) {
        found_.push_back({function_line_, "function of " + std::to_string(length) + " lines"});
      }
      function_depth_ = 0;
    }
    depth_ -= depth_ > 0 ? 1 : 0;
    before_.clear();
  }

  Violations found_;
  std::string before_;
  std::size_t line_ = 1;
  std::size_t depth_ = 0;
  std::size_t function_depth_ = 0;  // 0: in no function.
  std::size_t function_line_ = 0;
};

}  // namespace

Violations check_lines(const Source& source) {
  Violations found;
  const auto lines = lines_of(source.text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (columns(lines[i]) > max_columns) {
      found.push_back({i + 1, "line of " + std::to_string(columns(lines[i])) + " columns"});
    }
    if (lines[i].find('\t') != std::string::npos) {
      found.push_back({i + 1, "tab"});
    }
    if (!lines[i].empty() && (lines[i].back() == ' ' || lines[i].back() == '\r')) {
      found.push_back({i + 1, "blank at the end of the line"});
    }
  }
  if (!source.text.empty() && source.text.back() != '\n') {
    found.push_back({lines.size(), "no newline at the end of the file"});
  }
  return found;
}

Violations check_lengths(const Source& source) {
  Violations found =
      FunctionLengths{}.measure(blank_directives(blank_comments_and_literals(source.text)));
  const auto lines = lines_of(source.text).size();
  const bool is_test = source.path.starts_with("tests/");
  if (lines > (is_test ? max_test_file_lines : max_file_lines)) {
    found.push_back({0, "file of " + std::to_string(lines) + " lines"});
  }
  return found;
}

Violations check_header(const Source& header) {
  Violations found;
  const auto lines = lines_of(header.text);
  std::size_t i = 0;
  while (i < lines.size() && lines[i].starts_with("//")) {
    ++i;
  }
  if (i == 0 || !lines[0].starts_with("// ")) {
    found.push_back({1, "the first line does not say what the header is for"});
  } else if (std::string_view{".:\")`"}.find(lines[i - 1].back()) == std::string_view::npos) {
    found.push_back({i, "what says what the header is for is not a sentence"});
  }
  if (std::ranges::find(lines, "#pragma once") == lines.end()) {
    found.push_back({0, "no #pragma once"});
  }
  return found;
}

Violations check_first_include(const Source& source, const std::vector<std::string>& headers) {
  const std::filesystem::path path{source.path};
  const auto module = *path.begin();
  const auto is_own = [&](const std::string& header) {
    const std::filesystem::path other{header};
    return other.stem() == path.stem() && *other.begin() == module &&
           (other.parent_path() == path.parent_path() ||
            header.find("/include/") != std::string::npos);
  };
  if (std::ranges::none_of(headers, is_own)) {
    return {};
  }
  static const std::regex include{R"(#include [<"]([^>"]+)[>"])"};
  const auto included = all_matches(source.text, include);
  if (included.empty() || std::filesystem::path{included.front()}.stem() != path.stem()) {
    return {{0, "the first include is not its own header"}};
  }
  return {};
}

Violations check_public_includes(const Source& header) {
  if (header.path.ends_with("include/thane/asio.hpp") ||
      header.path.ends_with("include/thane/internal/await.hpp")) {  // What asio.hpp is made of.
    return {};
  }
  static const std::regex hidden{
      R"(#include [<"](boost/|thane/asio\.hpp|thane/internal/await)[^>"]*)"};
  return lines_that_match(header.text, hidden, "a public header shows what it is built on");
}

Violations check_no_sleep(const Source& test) {
  static const std::regex sleep{
      R"(this_thread::sleep|\b(usleep|nanosleep|clock_nanosleep)\(|(^|[^_\w])::sleep\()"};
  return lines_that_match(blank_comments_and_literals(test.text), sleep, "a test that sleeps");
}

Violations check_words(const Source& source) {
  static const std::regex words{R"(\b(mas)"
                                R"(ter|sla)"
                                R"(ve)s?\b)",
                                std::regex::icase};
  return lines_that_match(source.text, words, "say parent and worker");
}

std::vector<std::string> option_names(std::string_view text) {
  // Between the type and the name may stand anything but the end of the initialiser.
  static const std::regex option{R"re(Opt<[^;{}()]*>\s*\{[^;{}]*?\.name\s*=\s*"([^"]+)")re"};
  return all_matches(text, option);
}

std::vector<std::string> link_targets(std::string_view markdown) {
  static const std::regex link{R"(\]\(([^)#:\s]+)(#[^)]*)?\))"};
  return all_matches(markdown, link);
}

std::vector<std::string> code_blocks(std::string_view markdown, std::string_view language) {
  std::vector<std::string> blocks;
  const std::string open = "\n```" + std::string(language) + "\n";
  for (auto begin = markdown.find(open); begin != std::string_view::npos;
       begin = markdown.find(open, begin)) {
    begin += open.size();
    blocks.emplace_back(markdown.substr(begin, markdown.find("```", begin) - begin));
  }
  return blocks;
}

std::vector<std::string> macro_names(std::string_view text) {
  static const std::regex macro{R"(#\s*define\s+(\w+))"};
  return all_matches(text, macro);
}

}  // namespace thane::house
