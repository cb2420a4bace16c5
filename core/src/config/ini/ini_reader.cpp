#include "ini_reader.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "../value.hpp"

namespace thane::internal {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

class IniReader {
 public:
  explicit IniReader(std::string_view text) : rest_(text) {
    if (rest_.starts_with(byte_order_mark)) {
      rest_.remove_prefix(byte_order_mark.size());
    }
  }

  IniText read() {
    while (!rest_.empty() && !result_.error) {
      read_line(next_line());
    }
    if (result_.error && rest_.empty() && !ended_by_newline_) {
      result_.error->message += " (the file ends within this line: is it cut off?)";
    }
    return std::move(result_);
  }

 private:
  std::string_view next_line() {
    const std::size_t end = rest_.find('\n');
    ended_by_newline_ = end != rest_.npos;
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(ended_by_newline_ ? end + 1 : rest_.size());
    ++line_;
    return line;
  }

  void read_line(std::string_view line) {
    if (line.find('\0') != line.npos) {
      return fail("the line has a NUL byte; is this a text file?");
    }
    const std::string_view text = strip(line);
    if (text.empty()) {
      key_indent_.reset();  // As in oslo.config, a blank line ends a value.
      return;
    }
    if (text.front() == '#' || text.front() == ';') {
      return;  // Also between the lines of a continued value.
    }
    const std::size_t indent = line.find(text.front());
    if (key_indent_ && indent > *key_indent_) {
      std::string& value = result_.entries.back().value;
      value += value.empty() ? "" : "\n";
      value += text;
      return;
    }
    key_indent_.reset();
    if (text.front() == '[') {
      return read_section(text);
    }
    read_entry(text, indent);
  }

  void read_section(std::string_view text) {
    const std::size_t close = text.find(']');
    if (close == text.npos) {
      return fail("the section header {} is not closed; write {}]", in_quotes(text), text);
    }
    if (close + 1 != text.size()) {
      return fail("{} follows the section header; it needs a line of its own",
                  in_quotes(strip(text.substr(close + 1))));
    }
    const std::string_view name = strip(text.substr(1, close - 1));
    if (name.empty()) {
      return fail("the section header [] has no name");
    }
    // oslo.config joins sections of one name. Most often the second is a paste gone wrong, which
    // overrides the first one silently.
    for (const IniSection& section : result_.sections) {
      if (section.name == name) {
        return fail("section [{}] was there at line {} already; join the two", name, section.line);
      }
    }
    result_.sections.push_back({std::string{name}, line_});
  }

  void read_entry(std::string_view text, std::size_t indent) {
    const std::size_t delimiter = text.find_first_of("=:");
    if (delimiter == text.npos) {
      return fail("{} has neither \"=\" nor \":\"; write NAME = VALUE", in_quotes(text));
    }
    const std::string_view key = strip(text.substr(0, delimiter));
    if (key.empty()) {
      return fail("the line begins with \"{}\"; write NAME = VALUE", text.front());
    }
    if (result_.sections.empty()) {
      return fail("{} stands before the first section; put [DEFAULT] above it", in_quotes(key));
    }
    result_.entries.push_back({result_.sections.back().name, std::string{key},
                               std::string{strip(text.substr(delimiter + 1))}, line_});
    key_indent_ = indent;
  }

  template <class... Args>
  void fail(fmt::format_string<Args...> format, Args&&... args) {
    result_.error = IniError{fmt::format(format, std::forward<Args>(args)...), line_};
  }

  std::string_view rest_;
  bool ended_by_newline_ = true;
  int line_ = 0;
  std::optional<std::size_t> key_indent_;  // Of the key whose value may go on; none: no such key.
  IniText result_;
};

}  // namespace

IniText read_ini(std::string_view text) {
  return IniReader{text}.read();
}

}  // namespace thane::internal
