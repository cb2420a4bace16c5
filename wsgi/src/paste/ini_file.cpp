#include "ini_file.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <set>
#include <thane/internal/in_quotes.hpp>
#include <thane/wsgi/load_error.hpp>
#include <utility>

#include "unicode_text.hpp"

namespace thane::wsgi::internal {

namespace {

using thane::internal::in_quotes;

constexpr std::string_view default_section = "DEFAULT";
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

class Reader {
 public:
  Reader(std::string_view text, const std::string& file) : rest_(text), file_(file) {}

  IniFile read() {
    if (const auto bad = find_bad_utf8(rest_)) {
      const std::string_view before = rest_.substr(0, *bad);
      line_ = 1 + static_cast<int>(std::ranges::count(before, '\n'));
      fail("the line is not UTF-8; save the file in that encoding");
    }
    while (!rest_.empty()) {
      read_line(next_line());
    }
    end_value();
    return std::move(result_);
  }

 private:
  // Python reads files with "universal newlines": LF, CRLF and CR.
  std::string_view next_line() {
    const std::size_t end = std::min(rest_.find_first_of("\r\n"), rest_.size());
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end);
    rest_.remove_prefix(rest_.starts_with("\r\n") ? 2 : rest_.empty() ? 0 : 1);
    ++line_;
    return line;
  }

  void read_line(std::string_view line) {
    const std::string_view text = strip_space(line);
    if (text.empty()) {
      value_ += key_ ? "\n" : "";
      return;
    }
    if (text.front() == '#' || text.front() == ';') {
      return;  // Also between the lines of a value.
    }
    const std::size_t indent = leading_spaces(line);
    if (key_ && indent > indent_) {
      value_ += '\n';
      value_ += text;
      return;
    }
    end_value();
    indent_ = indent;
    const std::size_t close = text.rfind(']');
    if (text.front() == '[' && close != text.npos && close > 1) {
      begin_section(text.substr(1, close - 1));
    } else {
      begin_value(text);
    }
  }

  void begin_section(std::string_view name) {
    if (name == default_section) {
      section_ = &result_.defaults;
      section_->name = name;
      section_->line = line_;
      section_->file = file_;
      return;
    }
    const auto [before, added] = headers_.try_emplace(std::string{name}, line_);
    if (!added) {
      fail("section [{}] already exists, from line {}; join the two", name, before->second);
    }
    result_.sections.push_back({std::string{name}, line_, {}, {}, file_});
    section_ = &result_.sections.back();
  }

  void begin_value(std::string_view text) {
    if (section_ == nullptr) {
      const bool marked = line_ == 1 && text.starts_with(byte_order_mark);
      fail("{}", marked ? "the file begins with a byte order mark; save it without one"
                        : in_quotes(text) + " stands before the first section header");
    }
    const std::size_t delimiter = text.find_first_of("=:");
    if (delimiter == text.npos) {
      fail("{} is neither KEY = VALUE nor a section header", in_quotes(text));
    }
    const std::string_view key = strip_end(text.substr(0, delimiter));
    if (key.empty()) {
      fail("{} has no key before its \"{}\"", in_quotes(text), text[delimiter]);
    }
    const auto [before, added] = section_->lines.try_emplace(std::string{key}, line_);
    if (!added) {
      fail("key {} of [{}] already exists, from line {}; remove one of the two", in_quotes(key),
           section_->name, before->second);
    }
    key_ = key;
    value_ = strip_space(text.substr(delimiter + 1));
  }

  void end_value() {
    if (key_) {
      section_->values.set(*key_, strip_end(value_));
      key_.reset();
    }
  }

  template <class... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
    const std::string section = section_ == nullptr ? "" : section_->name;
    throw load_error(
        load_error::Category::parse, {file_, section, line_},
        fmt::format("{}:{}: {}", file_, line_, fmt::format(format, std::forward<Args>(args)...)));
  }

  std::string_view rest_;
  const std::string& file_;
  int line_ = 0;
  IniFile result_;
  std::map<std::string, int, std::less<>> headers_;  // And their lines.
  IniSection* section_ = nullptr;                    // Of result_; the last one, or the defaults.
  std::optional<std::string> key_;                   // Of the value that may go on.
  std::string value_;
  std::size_t indent_ = 0;  // Of the line that began with key or header; in characters.
};

}  // namespace

IniFile read_ini_file(std::string_view text, const std::string& file) {
  return Reader{text, file}.read();
}

void merge(IniFile& all, const IniFile& later) {
  const auto add = [](IniSection& section, const IniSection& more) {
    if (section.file.empty()) {
      section = more;
      return;
    }
    section.values.update(more.values);
    for (const auto& [key, line] : more.lines) {
      section.lines[key] = line;
      section.files[key] = more.file;
    }
  };
  add(all.defaults, later.defaults);
  for (const IniSection& more : later.sections) {
    const auto same = std::ranges::find(all.sections, more.name, &IniSection::name);
    if (same == all.sections.end()) {
      all.sections.push_back(more);
    } else {
      add(*same, more);
    }
  }
}

}  // namespace thane::wsgi::internal
