#include "routing/pattern.hpp"

#include <algorithm>
#include <stdexcept>

#include "characters.hpp"

// The rules are those of Route._pathkeys of Routes, with its surprises: in {id:regex} the
// expression ends at the first '}' and at a second ':' unless a backslash stands before them, and
// the '-' that ends :name is not part of the path. What it takes without a word and cannot be
// meant, a variable without a name or an end, is refused here.

namespace thane::wsgi::internal {

namespace {

class PatternReader {
 public:
  PatternReader(std::string_view pattern, PatternSyntax syntax)
      : pattern_(pattern), syntax_(syntax) {}

  Pattern read() {
    for (const char c : pattern_) step(c);
    if (opener_ == '{' || until_ == ")") fail("a variable is not closed");
    if (opener_ != 0) {
      add_variable();
    } else {
      add_text();
    }
    return std::move(result_);
  }

 private:
  void step(char c) {
    if (escaped_) {
      if (std::string_view{"\\:*{}"}.find(c) == std::string_view::npos) current_ += '\\';
      current_ += c;
      escaped_ = false;
    } else if (c == '\\') {
      escaped_ = true;
    } else if (opener_ == 0) {
      outside(c);
    } else if (just_opened_) {
      just_opened_ = false;
      if (c == '(') {
        until_ = ")";
      } else {
        current_ = c;
      }
    } else if (until_.find(c) == std::string_view::npos) {
      current_ += c;
    } else {
      add_variable();
      if (done_characters.find(c) != std::string_view::npos) {
        result_.parts.push_back({Part::Kind::text, std::string(1, c)});
      }
    }
  }

  void outside(char c) {
    const bool opens = c == '{' || (syntax_ == PatternSyntax::full && (c == ':' || c == '*'));
    if (!opens) {
      current_ += c;
      return;
    }
    add_text();
    opener_ = c;
    just_opened_ = c != '{';
    until_ = c == '{' ? "}" : "/,;.#-";
  }

  void add_text() {
    if (!current_.empty()) result_.parts.push_back({Part::Kind::text, std::move(current_)});
    current_.clear();
  }

  void add_variable() {
    auto kind = opener_ == '*' ? Part::Kind::rest : Part::Kind::variable;
    std::string_view name = current_;
    if (opener_ == '{') {
      if (name.starts_with('.')) {
        kind = Part::Kind::dotted;
        name.remove_prefix(1);
      }
      const auto colon = name.find(':');
      if (colon != std::string_view::npos) {
        auto expression = name.substr(colon + 1);
        expression = expression.substr(0, expression.find(':'));
        name = name.substr(0, colon);
        result_.requirements[std::string{name}] = expression;
      }
    }
    check_name(name);
    result_.parts.push_back({kind, std::string{name}});
    opener_ = 0;
    until_ = {};
    current_.clear();
  }

  void check_name(std::string_view name) const {
    const auto fits = [](char c) {
      return c == '_' || (c >= '0' && c <= '9') || (to_lower(c) >= 'a' && to_lower(c) <= 'z') ||
             static_cast<unsigned char>(c) >= 0x80;
    };
    if (name.empty()) fail("a variable has no name");
    if (!std::ranges::all_of(name, fits) || (name[0] >= '0' && name[0] <= '9')) {
      fail("\"" + std::string{name} + "\" is no name for a variable");
    }
    for (const auto& part : result_.parts) {
      if (!part.is_text() && part.text == name) {
        fail("the variable \"" + std::string{name} + "\" comes twice");
      }
    }
  }

  [[noreturn]] void fail(const std::string& why) const {
    throw std::invalid_argument("pattern \"" + std::string{pattern_} + "\": " + why);
  }

  std::string_view pattern_;
  PatternSyntax syntax_;
  Pattern result_;
  std::string current_;
  std::string_view until_;
  char opener_ = 0;  // 0: in no variable.
  bool just_opened_ = false;
  bool escaped_ = false;
};

}  // namespace

Pattern parse_pattern(std::string_view pattern, PatternSyntax syntax) {
  return PatternReader{pattern, syntax}.read();
}

}  // namespace thane::wsgi::internal
