#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <stdexcept>
#include <utility>

#include "json_text.hpp"
#include "utf8.hpp"

// A reader of its own: nlohmann's refuses NaN, Infinity and lone surrogates, and makes a double of
// an integer that fits no 64 bits. Python sends all of them.

namespace thane::rpc::internal {

namespace {

using nlohmann::json;

constexpr int most_levels = 200;  // A fiber's stack has room for many more.
constexpr std::size_t usual_text = 4096;

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  json document() {
    json value = this->value(0);
    expect_end();
    return value;
  }

  bool members(const MemberTaker& taker) {
    skip_space();
    if (peek() != '{') return false;
    each_member([&](std::string_view name) {
      Value value{*this};
      taker(name, value);
      if (!value.taken) (void)value.take();
    });
    expect_end();
    return true;
  }

 private:
  struct Value final : MemberValue {
    explicit Value(Reader& its_reader) : reader(its_reader) {}
    json take() override {
      taken = true;
      return reader.value(1);
    }
    std::optional<std::string> take_text() override {
      reader.skip_space();
      if (reader.peek() == '"') {
        taken = true;
        return reader.string();
      }
      (void)take();
      return std::nullopt;
    }

    Reader& reader;
    bool taken = false;
  };

  [[noreturn]] void refuse(const char* what) const {
    throw std::invalid_argument("no JSON at octet " + std::to_string(at_) + ": " + what);
  }

  void expect_end() {
    skip_space();
    if (at_ != text_.size()) refuse("more than one value");
  }

  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) {
      ++at_;
    }
  }

  bool take(char wanted) {
    skip_space();
    if (peek() != wanted || at_ == text_.size()) return false;
    ++at_;
    return true;
  }

  bool take_word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  json value(int level) {
    if (level > most_levels) refuse("nested too deep");
    skip_space();
    switch (peek()) {
      case '{':
        return object(level);
      case '[':
        return array(level);
      case '"':
        return string();
      case 't':
        if (take_word("true")) return true;
        break;
      case 'f':
        if (take_word("false")) return false;
        break;
      case 'n':
        if (take_word("null")) return nullptr;
        break;
      case 'N':
        if (take_word("NaN")) return std::numeric_limits<double>::quiet_NaN();
        break;
      case 'I':
        if (take_word("Infinity")) return std::numeric_limits<double>::infinity();
        break;
      default:
        return number();
    }
    refuse("a word that is none");
  }

  json object(int level) {
    json::object_t members;
    each_member([&](std::string_view name) {
      std::string key{name};
      members.insert_or_assign(std::move(key), value(level + 1));
    });
    return members;
  }

  // `read_value(name)` reads up to its end.
  template <class ReadValue>
  void each_member(const ReadValue& read_value) {
    ++at_;
    if (take('}')) return;
    std::string unescaped;
    do {
      skip_space();
      if (peek() != '"') refuse("a key that is no string");
      const std::string_view name = name_of_member(unescaped);
      if (!take(':')) refuse("no colon behind a key");
      read_value(name);
    } while (take(','));
    if (!take('}')) refuse("an object that does not end");
  }

  json array(int level) {
    ++at_;
    json::array_t elements;
    if (take(']')) return elements;
    do {
      elements.push_back(value(level + 1));
    } while (take(','));
    if (!take(']')) refuse("an array that does not end");
    return elements;
  }

  std::string string() {
    ++at_;
    const std::string_view first = run();
    if (text_[at_] == '"') {
      ++at_;
      return std::string{first};
    }
    unescaped_.reserve(std::min(text_.size(), usual_text));
    unescape(unescaped_, first);
    if (unescaped_.size() > unescaped_.capacity() / 2) return std::exchange(unescaped_, {});
    return unescaped_;
  }

  // A view of the text where it can be one.
  std::string_view name_of_member(std::string& unescaped) {
    ++at_;
    const std::string_view first = run();
    if (text_[at_] == '"') {
      ++at_;
      return first;
    }
    unescape(unescaped, first);
    return unescaped;
  }

  // The rest of a string that begins with `first`.
  void unescape(std::string& out, std::string_view first) {
    out = first;
    while (text_[at_++] != '"') {
      escape(out);
      out += run();
    }
  }

  // Up to a quote or a backslash.
  std::string_view run() {
    const std::size_t begin = at_;
    for (;;) {
      at_ += plain_prefix(text_.substr(at_));
      if (at_ == text_.size()) refuse("a string that does not end");
      if (text_[at_] == '"' || text_[at_] == '\\') return text_.substr(begin, at_ - begin);
      at_ += foreign();
    }
  }

  // How many octets from 0x80 on there are, where a string goes on with something else than ASCII.
  std::size_t foreign() const {
    const std::string_view rest = text_.substr(at_);
    std::size_t size = 0;
    while (size < rest.size() && static_cast<unsigned char>(rest[size]) >= 0x80) ++size;
    if (size == 0) refuse("a control character");
    if (utf8_prefix(rest.substr(0, size)) != size) refuse("octets that are no UTF-8");
    return size;
  }

  void escape(std::string& out) {
    const char kind = peek();
    ++at_;
    switch (kind) {
      case '"':
      case '\\':
      case '/':
        out += kind;
        return;
      case 'b':
        out += '\b';
        return;
      case 'f':
        out += '\f';
        return;
      case 'n':
        out += '\n';
        return;
      case 'r':
        out += '\r';
        return;
      case 't':
        out += '\t';
        return;
      case 'u':
        return append_utf8(out, code_point());
      default:
        refuse("an escape that is none");
    }
  }

  // Behind "\u". Half of a pair that stands alone stays what it is.
  char32_t code_point() {
    const char32_t first = four_digits();
    if (first < 0xd800 || first > 0xdbff || text_.substr(at_, 2) != "\\u") return first;
    const std::size_t before = at_;
    at_ += 2;
    const char32_t second = four_digits();
    if (second < 0xdc00 || second > 0xdfff) {
      at_ = before;
      return first;
    }
    return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
  }

  char32_t four_digits() {
    const std::string_view digits = text_.substr(std::min(at_, text_.size()), 4);
    unsigned value = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (error != std::errc{} || digits.size() < 4 || end != digits.data() + 4) {
      refuse("an escape without four digits");
    }
    at_ += 4;
    return value;
  }

  std::size_t take_digits() {
    const std::size_t begin = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ - begin;
  }

  json number() {
    const std::size_t begin = at_;
    if (peek() == '-') ++at_;
    if (take_word("Infinity")) return -std::numeric_limits<double>::infinity();
    const bool zero = peek() == '0';
    const std::size_t digits = take_digits();
    if (digits == 0 || (zero && digits > 1)) refuse("a number that is none");
    bool whole = true;
    if (peek() == '.') {
      whole = false;
      ++at_;
      if (take_digits() == 0) refuse("a number that ends with its point");
    }
    if (peek() == 'e' || peek() == 'E') {
      whole = false;
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (take_digits() == 0) refuse("a number without its exponent");
    }
    const std::string_view text = text_.substr(begin, at_ - begin);
    return whole ? integer(text) : real(text);
  }

  static json integer(std::string_view text) {
    const char* const end = text.data() + text.size();
    std::int64_t number = 0;
    if (std::from_chars(text.data(), end, number).ec == std::errc{}) {
      return number < 0 ? json(number) : json(static_cast<std::uint64_t>(number));
    }
    std::uint64_t large = 0;
    if (text.front() != '-' && std::from_chars(text.data(), end, large).ec == std::errc{}) {
      return large;
    }
    return json::binary({text.begin(), text.end()}, big_integer_subtype);
  }

  static json real(std::string_view text) {
    double number = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
    // Too large is infinite and too small is zero: from_chars says neither which, nor how near.
    if (result.ec != std::errc{}) number = std::strtod(std::string{text}.c_str(), nullptr);
    return number;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string unescaped_;  // Room that strings share.
};

}  // namespace

json decode(std::string_view text) {
  return Reader{text}.document();
}

bool decode_members(std::string_view text, const MemberTaker& taker) {
  return Reader{text}.members(taker);
}

}  // namespace thane::rpc::internal
