// Reads a mangled C++ name from its first letter to its last and writes what is to be seen of it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace thane::internal {

/// What was written so far. Cut at the end of the room that there is.
class NameOutput {
 public:
  explicit NameOutput(std::span<char> room) noexcept : room_(room) {}

  void append(std::string_view text) noexcept {
    const std::size_t fits = std::min(text.size(), room_.size() - size_);
    std::copy_n(text.data(), fits, room_.data() + size_);
    size_ += fits;
    if (fits < text.size()) {
      const std::string_view dots = "...";
      const std::size_t shown = std::min(dots.size(), room_.size());
      std::copy_n(dots.data(), shown, room_.data() + room_.size() - shown);
    }
  }
  void append(std::size_t number) noexcept {
    std::array<char, 20> digits;
    std::size_t at = digits.size();
    do {
      digits[--at] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number != 0);
    append({&digits[at], digits.size() - at});
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  void shrink(std::size_t size) noexcept { size_ = std::min(size_, size); }
  [[nodiscard]] std::string_view text() const noexcept { return {room_.data(), size_}; }

 private:
  std::span<char> room_;
  std::size_t size_ = 0;
};

/// A reader of the Itanium ABI's mangling (https://itanium-cxx-abi.github.io/cxx-abi/abi.html),
/// whose words its functions are named with. What is to be seen is written as it is read; types,
/// arguments and expressions are read without a word. So no tree is built and no substitution
/// remembered: the names of functions do not refer to any, except in places that are not shown.
class NameParser {
 public:
  NameParser(std::string_view mangled, std::span<char> out) noexcept : in_(mangled), out_(out) {}

  // <encoding>, without the types of the arguments.
  void encoding();
  void type();

  [[nodiscard]] bool failed() const noexcept { return failed_ || unknown_; }
  [[nodiscard]] bool at_end() const noexcept { return at_ == in_.size(); }
  [[nodiscard]] NameOutput& out() noexcept { return out_; }

 private:
  // As deep as this what is read may be nested; a stack for signals has room for that.
  static constexpr int max_depth = 100;

  class Deeper {
   public:
    explicit Deeper(NameParser& parser) noexcept : parser_(parser) {
      if (++parser_.depth_ > max_depth) parser_.fail();
    }
    ~Deeper() { --parser_.depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;

   private:
    NameParser& parser_;
  };

  // While it exists, what is read is not written.
  class Quiet {
   public:
    explicit Quiet(NameParser& parser) noexcept : parser_(parser), last_name_(parser.last_name_) {
      ++parser_.quiet_;
    }
    ~Quiet() {
      --parser_.quiet_;
      parser_.last_name_ = last_name_;
    }
    Quiet(const Quiet&) = delete;
    Quiet& operator=(const Quiet&) = delete;

   private:
    NameParser& parser_;
    std::string_view last_name_;
  };

  // Everything is then at its end: each loop below ends there.
  void fail() noexcept {
    failed_ = true;
    at_ = in_.size();
  }
  [[nodiscard]] static bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
  [[nodiscard]] static bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
  [[nodiscard]] static bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
  [[nodiscard]] char peek(std::size_t ahead = 0) const noexcept {
    return at_ + ahead < in_.size() ? in_[at_ + ahead] : '\0';
  }
  [[nodiscard]] bool next_is(std::string_view text) const noexcept {
    return in_.substr(at_).starts_with(text);
  }
  bool take(char c) noexcept {
    if (peek() != c || at_end()) return false;
    ++at_;
    return true;
  }
  bool take(std::string_view text) noexcept {
    if (!next_is(text)) return false;
    at_ += text.size();
    return true;
  }
  void expect(char c) noexcept {
    if (!take(c)) fail();
  }
  // True until `end` comes, which is consumed.
  [[nodiscard]] bool until(char end) noexcept {
    if (at_end()) fail();
    return !failed_ && !take(end);
  }
  void say(std::string_view text) noexcept {
    if (quiet_ == 0) out_.append(text);
  }
  // What cannot be shown was met: a failure unless nobody is to see it.
  void say_unknown() noexcept {
    if (quiet_ == 0) unknown_ = true;
  }
  void say_numbered(std::string_view text, std::size_t number) noexcept {
    if (quiet_ == 0) {
      out_.append(text);
      out_.append(number);
      out_.append("}");
    }
  }

  std::size_t number();
  std::size_t sequence_number();

  void special_name();
  void call_offset();
  void name();
  void nested_name();
  void local_name();
  void discriminator();
  void substitution();
  void template_arguments();
  void template_argument();
  void unqualified_name();
  void source_name();
  void constructor_name();
  void destructor_name();
  void say_class(std::string_view of_class);
  void unnamed_type();
  void operator_name();
  void conversion();

  void vendor_name();
  void function_type();
  void array_type();
  void bound();
  void template_parameter();
  void type_of_d();

  void expression();
  void operands(std::string_view shape);
  void function_parameter();
  void fold_expression();
  void scoped_expression();
  void new_expression();
  void requires_expression();
  void literal();

  std::string_view in_;
  NameOutput out_;
  std::size_t at_ = 0;
  std::string_view last_name_;  // Of the class that a constructor is of.
  int quiet_ = 0;
  int depth_ = 0;
  bool failed_ = false;
  bool unknown_ = false;
};

}  // namespace thane::internal
