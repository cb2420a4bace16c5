#include "shell_pattern.hpp"

#include <doctest/doctest.h>

#include <string>

using thane::rpc::internal::ShellPattern;

namespace {

bool matches(const char* pattern, const std::string& text) {
  INFO(pattern);
  return ShellPattern{pattern}.matches(text);
}

TEST_CASE("a star is any text, a question mark one character, all else itself") {
  CHECK(matches("compute.*", "compute.instance.create"));
  CHECK(matches("compute.*", "compute."));
  CHECK_FALSE(matches("compute.*", "compute"));
  CHECK_FALSE(matches("compute.*", "x.compute.y"));
  CHECK(matches("*.end", "a.end.end"));
  CHECK(matches("?", "ž"));
  CHECK_FALSE(matches("?", ""));
  CHECK_FALSE(matches("a", "A"));
  CHECK(matches("\\*", "\\x"));
  CHECK(matches("", ""));
}

TEST_CASE("brackets hold characters and ranges, and what is no set is text") {
  CHECK(matches("[a-c]x", "bx"));
  CHECK_FALSE(matches("[!a-c]x", "bx"));
  CHECK(matches("[]]", "]"));
  CHECK(matches("[!]]", "a"));
  CHECK(matches("[a", "[a"));
  CHECK(matches("[a-]", "-"));
  CHECK_FALSE(matches("[c-a]", "b"));
  CHECK(matches("\xff?", "\xff\xfe"));  // No UTF-8: each octet is a character.
}

TEST_CASE("no pattern takes long") {
  const std::string pattern = "*a*a*a*a*a*a*a*a*a*a*a*a*b";
  CHECK_FALSE(ShellPattern{pattern}.matches(std::string(20'000, 'a')));
}

}  // namespace
