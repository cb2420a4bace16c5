#include <cctype>

#include "rules.hpp"

namespace thane::house {
namespace {

// Copies code, blanks everything else; newlines stay, so that line numbers do.
class Blanker {
 public:
  explicit Blanker(std::string_view text) : text_(text), result_(text) {}

  std::string run() {
    while (at_ < text_.size()) {
      if (starts("//")) {
        blank_until("\n", 0);
      } else if (starts("/*")) {
        blank_until("*/", 2);
      } else if (starts("R\"")) {
        raw_string();
      } else if (text_[at_] == '"' || (text_[at_] == '\'' && !digit_separator())) {
        literal(text_[at_]);
      } else {
        ++at_;
      }
    }
    return result_;
  }

 private:
  bool starts(std::string_view what) const { return text_.substr(at_).starts_with(what); }

  bool digit_separator() const {
    return at_ > 0 && std::isxdigit(static_cast<unsigned char>(text_[at_ - 1])) != 0 &&
           at_ + 1 < text_.size() && std::isxdigit(static_cast<unsigned char>(text_[at_ + 1])) != 0;
  }

  void blank_to(std::size_t end) {
    for (; at_ < end && at_ < text_.size(); ++at_) {
      if (text_[at_] != '\n') {
        result_[at_] = ' ';
      }
    }
  }

  void blank_until(std::string_view end, std::size_t keep) {
    const auto found = text_.find(end, at_ + 2);
    blank_to(found == std::string_view::npos ? text_.size() : found + keep);
  }

  void raw_string() {
    const auto open = text_.find('(', at_);
    const std::string end = ")" + std::string(text_.substr(at_ + 2, open - at_ - 2)) + "\"";
    const auto close = text_.find(end, open);
    blank_to(close == std::string_view::npos ? text_.size() : close + end.size());
  }

  // The quotes stay: they show that something stands there.
  void literal(char quote) {
    auto end = at_ + 1;
    while (end < text_.size() && text_[end] != quote && text_[end] != '\n') {
      end += text_[end] == '\\' ? 2 : 1;
    }
    ++at_;
    blank_to(end);
    ++at_;
  }

  std::string_view text_;
  std::string result_;
  std::size_t at_ = 0;
};

}  // namespace

std::string blank_comments_and_literals(std::string_view text) {
  return Blanker{text}.run();
}

}  // namespace thane::house
