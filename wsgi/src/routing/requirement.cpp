#include "routing/requirement.hpp"

#include <charconv>

namespace thane::wsgi::internal {

namespace {

constexpr std::string_view syntax_characters = "\\^$.[]|()?*+{}";

void add_range(OctetSet& set, unsigned char first, unsigned char last) {
  for (unsigned c = first; c <= last; ++c) set.set(c);
}

bool is_punctuation(char c) {
  const auto octet = static_cast<unsigned char>(c);
  const bool word = (octet >= '0' && octet <= '9') || (octet >= 'a' && octet <= 'z') ||
                    (octet >= 'A' && octet <= 'Z') || octet == '_';
  return octet < 0x80 && octet > 0x20 && !word;
}

class SetReader {
 public:
  explicit SetReader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }
  void skip() { ++at_; }
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }

  /// One character, escape, class or '.'; nullopt, and no move, for what is none of these.
  std::optional<OctetSet> read_set() {
    const auto before = at_;
    auto set = read_any();
    if (!set) at_ = before;
    return set;
  }

 private:
  std::optional<OctetSet> read_any() {
    if (at_end()) return std::nullopt;
    const char c = text_[at_++];
    if (c == '.') return all_but("\n");
    if (c == '\\') return read_escape();
    if (c == '[') return read_class();
    if (syntax_characters.find(c) != std::string_view::npos) return std::nullopt;
    OctetSet set;
    set.set(static_cast<unsigned char>(c));
    return set;
  }

  std::optional<OctetSet> read_escape() {
    if (at_end()) return std::nullopt;
    const char c = text_[at_++];
    OctetSet set;
    switch (c) {
      case 'w':
        add_range(set, 'a', 'z');
        add_range(set, 'A', 'Z');
        set.set('_');
        [[fallthrough]];
      case 'd':
        add_range(set, '0', '9');
        return set;
      case 's':
        add_range(set, '\t', '\r');
        add_range(set, 0x1c, ' ');
        return set;
      default:
        if (!is_punctuation(c)) return std::nullopt;
        set.set(static_cast<unsigned char>(c));
        return set;
    }
  }

  std::optional<OctetSet> read_class() {
    const bool negated = peek() == '^';
    if (negated) skip();
    OctetSet set;
    for (bool first = true; first || peek() != ']'; first = false) {
      if (at_end()) return std::nullopt;
      if (text_.substr(at_, 2) == "[:") return std::nullopt;
      const auto begin = at_;
      auto member = read_member();
      if (!member) return std::nullopt;
      if (peek() == '-' && at_ + 1 < text_.size() && text_[at_ + 1] != ']') {
        skip();
        const auto low = text_.substr(begin, at_ - 1 - begin);
        const auto dash = at_;
        if (!read_member()) return std::nullopt;
        const auto high = text_.substr(dash, at_ - dash);
        if (low.back() > high.back() || !is_single(low) || !is_single(high)) return std::nullopt;
        add_range(set, static_cast<unsigned char>(low.back()),
                  static_cast<unsigned char>(high.back()));
      }
      set |= *member;
    }
    skip();
    return negated ? ~set : set;
  }

  // Inside of brackets all but a backslash and what closes them is itself.
  std::optional<OctetSet> read_member() {
    if (at_end()) return std::nullopt;
    const char c = text_[at_++];
    if (c == '\\') return read_escape();
    if (static_cast<unsigned char>(c) >= 0x80) return std::nullopt;
    OctetSet set;
    set.set(static_cast<unsigned char>(c));
    return set;
  }

  static bool is_single(std::string_view member) {
    return member.size() == 1 || is_punctuation(member.back());
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// {n}, {n,}, {,m}, {n,m}: what stands between the braces.
bool read_counts(std::string_view text, Run& run) {
  const auto number = [](std::string_view digits, std::size_t& value) {
    const auto end = digits.data() + digits.size();
    const auto result = std::from_chars(digits.data(), end, value);
    return result.ec == std::errc{} && result.ptr == end;
  };
  const auto comma = text.find(',');
  const auto low = text.substr(0, comma);
  run.least = 0;
  if (!low.empty() && !number(low, run.least)) return false;
  if (comma == std::string_view::npos) {
    run.most = run.least;
    return !low.empty();
  }
  const auto high = text.substr(comma + 1);
  return high.empty() ? !low.empty() : number(high, run.most) && run.least <= run.most;
}

}  // namespace

OctetSet all_but(std::string_view excluded) {
  OctetSet set;
  set.set();
  for (const char c : excluded) set.reset(static_cast<unsigned char>(c));
  return set;
}

std::optional<Run> run_of(std::string_view expression) {
  constexpr std::string_view no_backslash_last = "(?<!\\\\)";
  Run run;
  run.appetite = Appetite::greedy;
  if (expression.ends_with(no_backslash_last)) {
    run.no_backslash_last = true;
    expression.remove_suffix(no_backslash_last.size());
  }
  SetReader reader{expression};
  const auto set = reader.read_set();
  if (!set) return std::nullopt;
  run.octets = *set;
  const char quantifier = reader.peek();
  if (quantifier == '{') {
    const auto close = reader.rest().find('}');
    if (close == std::string_view::npos || !read_counts(reader.rest().substr(1, close - 1), run)) {
      return std::nullopt;
    }
    reader = SetReader{reader.rest().substr(close + 1)};
  } else if (quantifier == '*' || quantifier == '+' || quantifier == '?') {
    run.least = quantifier == '+' ? 1 : 0;
    if (quantifier == '?') run.most = 1;
    reader.skip();
  } else {
    run.most = 1;
  }
  if (reader.peek() == '?') {
    if (quantifier == '\0') return std::nullopt;
    run.appetite = Appetite::lazy;
    reader.skip();
  }
  if (!reader.at_end()) return std::nullopt;
  return run;
}

std::optional<std::vector<std::string>> words_of(std::string_view expression) {
  std::vector<std::string> words(1);
  for (std::size_t i = 0; i < expression.size(); ++i) {
    const char c = expression[i];
    if (c == '|') {
      words.emplace_back();
    } else if (c == '\\' && i + 1 < expression.size() && is_punctuation(expression[i + 1])) {
      words.back() += expression[++i];
    } else if (syntax_characters.find(c) == std::string_view::npos) {
      words.back() += c;
    } else {
      return std::nullopt;
    }
  }
  return words;
}

bool may_hold_slash(std::string_view expression) {
  SetReader reader{expression};
  while (!reader.at_end()) {
    const auto set = reader.read_set();
    if (set) {
      if (set->test('/')) return true;
    } else if (reader.peek() == '\\' || reader.peek() == '[') {
      return true;
    } else {
      reader.skip();
    }
  }
  return false;
}

}  // namespace thane::wsgi::internal
