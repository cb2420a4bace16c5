#include "config/ini/ini_reader.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using thane::internal::IniText;
using thane::internal::read_ini;

namespace {

// All that was read as lines "section.key@line=value"; the error as "!line: message".
std::string shown(const std::string& text) {
  const IniText ini = read_ini(text);
  std::string result;
  for (const auto& entry : ini.entries) {
    result += entry.section + "." + entry.key + "@" + std::to_string(entry.line) + "=" +
              entry.value + ";";
  }
  if (ini.error) {
    result += "!" + std::to_string(ini.error->line) + ": " + ini.error->message;
  }
  return result;
}

struct Case {
  std::string text;
  std::string expected;
};

TEST_CASE("what oslo.config reads is read alike") {
  const std::vector<Case> cases{
      {"", ""},
      {"[a]\nk = v\n", "a.k@2=v;"},
      {"[a]\nk=v\n", "a.k@2=v;"},
      {"[a]\nk: v\n", "a.k@2=v;"},
      {"[a]\nk:v\n", "a.k@2=v;"},
      {"[a]\nk = v", "a.k@2=v;"},
      {"[a]\nk =\n", "a.k@2=;"},
      {"[a]\nk = a=b:c\n", "a.k@2=a=b:c;"},
      {"[a]\nk : a = b\n", "a.k@2=a = b;"},
      {"[a]\nurl = mysql://u:p#ss@h/db\n", "a.url@2=mysql://u:p#ss@h/db;"},
      {"[a]\nk = v ; no comment\n", "a.k@2=v ; no comment;"},
      {"[a]\n# comment\n; comment\nk = v\n", "a.k@4=v;"},
      {"[a]\n  # indented comment\nk = v\n", "a.k@3=v;"},
      {"[a]\nk =   v \t \n", "a.k@2=v;"},
      {"[a]\nk = \"quoted\"\n", "a.k@2=\"quoted\";"},
      {"[a]\nk = one\n    two\n  three\n", "a.k@2=one\ntwo\nthree;"},
      {"[a]\nk =\n    one\n    two\n", "a.k@2=one\ntwo;"},
      {"[a]\nk = one\n# between\n    two\n", "a.k@2=one\ntwo;"},
      {"[a]\nk = one\n\tx = two\n", "a.k@2=one\nx = two;"},
      {"[a]\nk = 1\nk = 2\n", "a.k@2=1;a.k@3=2;"},
      {"[a]\nk = 1\n[b]\nk = 2\n", "a.k@2=1;b.k@4=2;"},
      {"[DEFAULT]\nk = 1\n", "DEFAULT.k@2=1;"},
      {"\n\n[a]\n\n\nk = 1\n\n", "a.k@6=1;"},
      {"[ a ]\nk = 1\n", "a.k@2=1;"},
      {"[a]\r\nk = one\r\n   two\r\n\r\nl = 2\r\n", "a.k@2=one\ntwo;a.l@5=2;"},
      {"\xEF\xBB\xBF[a]\nk = 1\n", "a.k@2=1;"},
      {"[a]\nk = gr\xC3\xBC\xC3\x9F\n", "a.k@2=gr\xC3\xBC\xC3\x9F;"},
      {"# only a comment", ""},
  };
  for (const Case& it : cases) {
    CAPTURE(it.text);
    CHECK(shown(it.text) == it.expected);
  }
}

TEST_CASE("a blank line ends a value, so that what follows is a key again") {
  CHECK(shown("[a]\nk = one\n\n  l = 2\n") == "a.k@2=one;a.l@4=2;");
}

TEST_CASE("a line that is indented no deeper than its key is not part of the value") {
  CHECK(shown("[a]\n  k = one\n  l = 2\n") == "a.k@2=one;a.l@3=2;");
}

TEST_CASE("what is no INI is refused with its line and with what to do") {
  const std::vector<Case> cases{
      {"[a]\nword\n", "!2: \"word\" has neither \"=\" nor \":\"; write NAME = VALUE"},
      {"[a]\n= v\n", "!2: the line begins with \"=\"; write NAME = VALUE"},
      {"[a]\n: v\n", "!2: the line begins with \":\"; write NAME = VALUE"},
      {"k = 1\n", "!1: \"k\" stands before the first section; put [DEFAULT] above it"},
      {"[a\nk = 1\n", "!1: the section header \"[a\" is not closed; write [a]"},
      {"[]\n", "!1: the section header [] has no name"},
      {"[ ]\n", "!1: the section header [] has no name"},
      {"[a] b\n", "!1: \"b\" follows the section header; it needs a line of its own"},
      {"[a]\nk=1\n[b]\n[a]\n", "a.k@2=1;!4: section [a] was there at line 1 already; join the two"},
      {std::string{"[a]\nk = \0\n", 10}, "!2: the line has a NUL byte; is this a text file?"},
  };
  for (const Case& it : cases) {
    CAPTURE(it.text);
    CHECK(shown(it.text) == it.expected);
  }
}

TEST_CASE("an error in a last line without end suggests that the file was cut") {
  const std::string cut = " (the file ends within this line: is it cut off?)";
  CHECK(shown("[a]\nk = 1\n[b") ==
        "a.k@2=1;!3: the section header \"[b\" is not closed; write [b]" + cut);
  CHECK(shown("[a]\nwor") == "!2: \"wor\" has neither \"=\" nor \":\"; write NAME = VALUE" + cut);
}

TEST_CASE("a message never has more than one line, nor all of a long one") {
  const std::string message = shown("[a]\n" + std::string(1000, 'x') + "\x01\n");
  CHECK(message.find('\n') == message.npos);
  CHECK(message.size() < 200);
}

}  // namespace
