#include "name_parser.hpp"

#include <utility>

#include "mangled_operators.hpp"

// Names; name_parser_types.cpp has what is not shown of them.

namespace thane::internal {

namespace {

struct Abbreviation {
  char code;
  std::string_view text;
};
constexpr std::array std_abbreviations{
    Abbreviation{'a', "allocator"}, Abbreviation{'b', "basic_string"},
    Abbreviation{'d', "iostream"},  Abbreviation{'i', "istream"},
    Abbreviation{'o', "ostream"},   Abbreviation{'s', "string"}};

}  // namespace

void NameParser::encoding() {
  const Deeper deeper{*this};
  if (peek() == 'T' || (peek() == 'G' && is_upper(peek(1)))) {
    special_name();
  } else {
    name();
  }
}

void NameParser::special_name() {
  if (take("TW")) {
    say("TLS wrapper function for ");
    name();
  } else if (take("TH")) {
    say("TLS init function for ");
    name();
  } else if (take("Tc")) {
    say("covariant return thunk to ");
    call_offset();
    call_offset();
    encoding();
  } else if (take('T')) {
    say(peek() == 'h' ? "non-virtual thunk to " : "virtual thunk to ");
    call_offset();
    encoding();
  } else if (take("GTt")) {
    encoding();
  } else {
    fail();  // Names of data.
  }
}

void NameParser::call_offset() {
  const bool is_virtual = peek() == 'v';
  if (!take('h') && !take('v')) {
    fail();
  }
  for (int numbers = is_virtual ? 2 : 1; numbers > 0; --numbers) {
    take('n');
    (void)number();
    expect('_');
  }
}

void NameParser::name() {
  switch (peek()) {
    case 'N':
      nested_name();
      return;
    case 'Z':
      local_name();
      return;
    case 'S':
      if (take("St")) {
        say("std::");
        unqualified_name();
      } else {
        substitution();
      }
      break;
    default:
      unqualified_name();
  }
  if (peek() == 'I') {
    template_arguments();
  }
}

void NameParser::nested_name() {
  expect('N');
  while (take('r') || take('V') || take('K')) {
  }
  if (!take('R') && !take('O')) {
    take('H');
  }
  bool first = true;
  while (until('E')) {
    if (peek() == 'I') {
      template_arguments();
      continue;
    }
    if (take('M')) {  // The name before it is of a member, and a lambda in its initialiser follows.
      continue;
    }
    if (!first) {
      say("::");
    }
    first = false;
    if (take("St")) {
      say("std");
    } else if (peek() == 'S') {
      substitution();
    } else if (peek() == 'T' || next_is("Dt") || next_is("DT")) {
      type();
    } else {
      unqualified_name();
    }
  }
}

// What is inside of a function: Z, the function, E, the name.
void NameParser::local_name() {
  expect('Z');
  encoding();
  {
    const Quiet quiet{*this};
    while (until('E')) {
      if (take('Q')) {
        expression();
      } else {
        type();
      }
    }
  }
  say("::");
  if (take('s')) {
    say("string literal");
  } else {
    if (take('d')) {
      say_numbered("{default arg#", sequence_number());
      say("::");
    }
    name();
  }
  discriminator();
}

void NameParser::discriminator() {
  if (take("__")) {
    (void)number();
    expect('_');
  } else if (peek() == '_' && is_digit(peek(1))) {
    at_ += 2;
  }
}

// S_, S0_, ... S1Z_, or one of the standard library's own.
void NameParser::substitution() {
  expect('S');
  const auto* const known = std::ranges::find(std_abbreviations, peek(), &Abbreviation::code);
  if (known != std_abbreviations.end()) {
    ++at_;
    say("std::");
    say(known->text);
    last_name_ = known->text;
  } else {
    while (is_digit(peek()) || is_upper(peek())) {
      ++at_;
    }
    expect('_');
    say_unknown();
  }
}

void NameParser::template_arguments() {
  expect('I');
  say("<...>");
  const Quiet quiet{*this};
  while (until('E')) {
    template_argument();
  }
}

void NameParser::template_argument() {
  const Deeper deeper{*this};
  if (take('X')) {
    expression();
    expect('E');
  } else if (take('Q')) {
    expression();
  } else if (peek() == 'L') {
    literal();
  } else if (take('J') || take('I')) {
    while (until('E')) {
      template_argument();
    }
  } else {
    type();
  }
}

void NameParser::unqualified_name() {
  while (take('W')) {  // Of a module.
    take('P');
    const Quiet quiet{*this};
    source_name();
  }
  if (!take('L')) {  // Internal linkage.
    take('F');       // A friend with constraints.
  }
  const char c = peek();
  if (is_digit(c)) {
    source_name();
  } else if (c == 'U') {
    unnamed_type();
  } else if (c == 'C') {
    constructor_name();
  } else if (c == 'D') {
    destructor_name();
  } else if (is_lower(c)) {
    operator_name();
  } else {
    fail();
  }
  while (take('B')) {  // An ABI tag, as [abi:cxx11].
    const Quiet quiet{*this};
    source_name();
  }
}

void NameParser::source_name() {
  const std::size_t size = number();
  if (size == 0 || size > in_.size() - at_) {
    fail();
    return;
  }
  last_name_ = in_.substr(at_, size);
  at_ += size;
  say(last_name_.starts_with("_GLOBAL__N") ? "(anonymous namespace)" : last_name_);
}

void NameParser::constructor_name() {
  expect('C');
  const std::string_view of_class = last_name_;
  const bool inherited = take('I');
  if (!is_digit(peek())) {
    fail();
    return;
  }
  ++at_;
  if (inherited) {
    const Quiet quiet{*this};
    type();
  }
  say_class(of_class);
}

void NameParser::destructor_name() {
  expect('D');
  if (!is_digit(peek())) {
    fail();  // Structured bindings are data.
    return;
  }
  ++at_;
  say("~");
  say_class(last_name_);
}

void NameParser::say_class(std::string_view of_class) {
  if (of_class.empty()) {
    say_unknown();
  }
  say(of_class);
}

void NameParser::unnamed_type() {
  if (take("Ut")) {
    say_numbered("{unnamed type#", sequence_number());
  } else if (take("Ul")) {
    {
      const Quiet quiet{*this};
      while (until('E')) {
        template_argument();
      }
    }
    say_numbered("{lambda#", sequence_number());
  } else {
    fail();
  }
}

void NameParser::operator_name() {
  if (take("cv")) {
    conversion();
  } else if (take("li")) {
    say("operator\"\" ");
    source_name();
  } else if (peek() == 'v' && is_digit(peek(1))) {
    at_ += 2;
    say("operator ");
    source_name();
  } else {
    const MangledOperator* const found = find_mangled_operator(in_.substr(at_, 2));
    if (found == nullptr || found->text.empty()) {
      fail();
      return;
    }
    at_ += 2;
    say(is_lower(found->text.front()) ? "operator " : "operator");
    say(found->text);
  }
}

// To a type that is shown where it has a name of its own.
void NameParser::conversion() {
  const std::size_t begin = out_.size();
  say("operator ");
  type();
  if (std::exchange(unknown_, false)) {
    out_.shrink(begin);
    say("operator ...");
  }
}

// A number, or none: what is counted from 1 up.
std::size_t NameParser::sequence_number() {
  const std::size_t result = is_digit(peek()) ? number() + 2 : 1;
  expect('_');
  return result;
}

std::size_t NameParser::number() {
  constexpr std::size_t limit = 1'000'000;
  std::size_t result = 0;
  if (!is_digit(peek())) {
    fail();
  }
  while (is_digit(peek())) {
    result = result * 10 + static_cast<std::size_t>(in_[at_++] - '0');
    if (result > limit) {
      fail();
    }
  }
  return failed_ ? 0 : result;
}

}  // namespace thane::internal
