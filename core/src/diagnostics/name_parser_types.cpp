#include <array>

#include "mangled_operators.hpp"
#include "name_parser.hpp"

// Types and expressions: nearly always only to find where they end.

namespace thane::internal {

namespace {

// By letter from a on; empty: none.
constexpr std::array<std::string_view, 26> builtin_types{"signed char",
                                                         "bool",
                                                         "char",
                                                         "double",
                                                         "long double",
                                                         "float",
                                                         "__float128",
                                                         "unsigned char",
                                                         "int",
                                                         "unsigned int",
                                                         "",
                                                         "long",
                                                         "unsigned long",
                                                         "__int128",
                                                         "unsigned __int128",
                                                         "",
                                                         "",
                                                         "",
                                                         "short",
                                                         "unsigned short",
                                                         "",
                                                         "void",
                                                         "wchar_t",
                                                         "long long",
                                                         "unsigned long long",
                                                         "..."};

}  // namespace

void NameParser::type() {
  const Deeper deeper{*this};
  const char c = peek();
  if (take('K')) {
    type();
    say(" const");
  } else if (take('V') || take('r') || take('C') || take('G')) {
    type();
    say_unknown();
  } else if (take('P')) {
    type();
    say("*");
  } else if (take('R')) {
    type();
    say("&");
  } else if (take('O')) {
    type();
    say("&&");
  } else if (c == 'F') {
    function_type();
  } else if (take('A')) {
    array_type();
  } else if (take('M')) {
    type();
    type();
    say_unknown();
  } else if (c == 'T') {
    template_parameter();
  } else if (c == 'D') {
    type_of_d();
  } else if (c == 'U' && peek(1) != 'l' && peek(1) != 't') {
    ++at_;  // A qualifier of the vendor's.
    vendor_name();
    type();
  } else if (take('u')) {
    vendor_name();
  } else if (is_lower(c)) {
    ++at_;
    const std::string_view word = builtin_types[static_cast<std::size_t>(c - 'a')];
    if (word.empty()) {
      fail();
    }
    say(word);
  } else {
    name();
  }
}

void NameParser::vendor_name() {
  source_name();
  if (peek() == 'I') {
    template_arguments();
  }
  say_unknown();
}

void NameParser::function_type() {
  expect('F');
  take('Y');
  while (until('E')) {
    if ((peek() == 'R' || peek() == 'O') && peek(1) == 'E') {
      ++at_;
    } else {
      type();
    }
  }
  say_unknown();
}

void NameParser::array_type() {
  bound();
  type();
  say_unknown();
}

// A number, an expression or nothing, and then _.
void NameParser::bound() {
  if (is_digit(peek())) {
    (void)number();
  } else if (peek() != '_') {
    expression();
  }
  expect('_');
}

// T_, T0_, TL0__; or what declares one in the parameters of a lambda; or a type after "struct".
void NameParser::template_parameter() {
  expect('T');
  say_unknown();
  if (take('y')) {
    return;
  }
  if (take('n')) {
    type();
  } else if (take('t')) {
    while (until('E')) {
      type();
    }
  } else if (take('p')) {
    type();
  } else if (take('k') || take('s') || take('u') || take('e')) {
    name();
  } else {
    if (take('L')) {
      (void)number();
      expect('_');
    }
    if (is_digit(peek())) {
      (void)number();
    }
    expect('_');
    if (peek() == 'I') {
      template_arguments();
    }
  }
}

void NameParser::type_of_d() {
  expect('D');
  const char c = peek();
  ++at_;
  if (c == 'n') {
    say("decltype(nullptr)");
    return;
  }
  say_unknown();
  switch (c) {
    case 'a':  // auto, char16_t, decimal64 and others of one letter.
    case 'c':
    case 'd':
    case 'e':
    case 'f':
    case 'h':
    case 'i':
    case 's':
    case 'u':
      break;
    case 'p':
    case 'o':
    case 'x':
      type();
      break;
    case 't':
    case 'T':
      expression();
      expect('E');
      if (peek() == 'I') {
        template_arguments();
      }
      break;
    case 'O':
      expression();
      expect('E');
      type();
      break;
    case 'w':
      while (until('E')) {
        type();
      }
      type();
      break;
    case 'v':
      take('_');
      bound();
      type();
      break;
    case 'B':
    case 'U':
      bound();
      break;
    case 'F':
      (void)number();
      if (!take('_') && !take('b') && !take('x')) {
        fail();
      }
      break;
    case 'k':
    case 'K':
      name();
      break;
    default:
      fail();
  }
}

void NameParser::expression() {
  const Deeper deeper{*this};
  const char c = peek();
  if (c == 'L') {
    literal();
  } else if (c == 'T') {
    template_parameter();
  } else if (is_digit(c) || take("on")) {
    unqualified_name();
    if (peek() == 'I') {
      template_arguments();
    }
  } else if (next_is("fp") || (next_is("fL") && is_digit(peek(2)))) {
    function_parameter();
  } else if (c == 'f') {
    fold_expression();
  } else if (take("sr")) {
    scoped_expression();
  } else if (take("cv")) {
    type();
    operands(take('_') ? "e*" : "e");
  } else if (take("dn")) {
    type();
  } else if (take("nw") || take("na")) {
    new_expression();
  } else if (next_is("rq") || next_is("rQ")) {
    requires_expression();
  } else if (take('u')) {
    source_name();
    operands("a*");
  } else if (!take("tr")) {
    const MangledOperator* const found = find_mangled_operator(in_.substr(at_, 2));
    if (found == nullptr) {
      fail();
      return;
    }
    at_ += 2;
    if (found->text == "++" || found->text == "--") {
      take('_');
    }
    operands(found->operands);
  }
}

void NameParser::operands(std::string_view shape) {
  const auto operand = [this](char kind) {
    switch (kind) {
      case 't':
        type();
        break;
      case 'a':
        template_argument();
        break;
      default:
        expression();
    }
  };
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i + 1 < shape.size() && shape[i + 1] == '*') {
      while (until('E')) {
        operand(shape[i]);
      }
      return;
    }
    operand(shape[i]);
  }
}

// fp_, fp0_, fL1p_, with qualifiers before the number; or fpT, which is `this`.
void NameParser::function_parameter() {
  at_ += 2;
  if (is_digit(peek())) {
    (void)number();
    expect('p');
  }
  if (take('T')) {
    return;
  }
  while (take('r') || take('V') || take('K')) {
  }
  if (is_digit(peek())) {
    (void)number();
  }
  expect('_');
}

void NameParser::fold_expression() {
  const bool two = peek(1) == 'L' || peek(1) == 'R';
  at_ += std::min<std::size_t>(4, in_.size() - at_);  // With the code of the operator.
  operands(two ? "ee" : "e");
}

// srN type, names, E, name; or sr, names, E, name; or, with g++, sr, type, name.
void NameParser::scoped_expression() {
  if (take('N')) {
    type();
    while (until('E')) {
      expression();
    }
  } else if (!is_digit(peek())) {
    type();
  } else {
    do {
      expression();
    } while (is_digit(peek()));
    if (!take('E')) {
      return;
    }
  }
  expression();
}

void NameParser::new_expression() {
  while (until('_')) {
    expression();
  }
  type();
  if (take("pi")) {
    operands("e*");
  } else if (!take('E')) {
    expression();
  }
}

void NameParser::requires_expression() {
  if (take("rQ")) {
    while (until('_')) {
      type();
    }
  } else {
    at_ += 2;
  }
  while (until('E')) {
    if (take('X')) {
      expression();
      take('N');
      if (take('R')) {
        name();
      }
    } else if (take('T')) {
      type();
    } else if (take('Q')) {
      expression();
    } else {
      fail();
    }
  }
}

void NameParser::literal() {
  expect('L');
  if (take("_Z") || take('Z')) {
    encoding();
    while (until('E')) {
      type();
    }
    return;
  }
  type();
  while (until('E')) {
    ++at_;
  }
}

}  // namespace thane::internal
