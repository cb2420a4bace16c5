#include "paste/ini_file.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <thane/wsgi/load_error.hpp>
#include <vector>

using thane::wsgi::load_error;
using thane::wsgi::Settings;
using thane::wsgi::internal::IniFile;
using thane::wsgi::internal::read_ini_file;

namespace {

IniFile read(std::string_view text) {
  return read_ini_file(text, "/p.ini");
}

// The keys of the only section.
Settings section(const std::string& lines) {
  const IniFile ini = read("[s]\n" + lines);
  REQUIRE(ini.sections.size() == 1);
  return ini.sections[0].values;
}

load_error error_of(std::string_view text) {
  try {
    (void)read(text);
  } catch (const load_error& error) {
    CHECK(error.category() == load_error::Category::parse);
    CHECK(error.file() == "/p.ini");
    return error;
  }
  FAIL("nothing was thrown");
  std::abort();
}

TEST_CASE("the first = or : ends the key, without the blanks around it") {
  CHECK(section("/v2.1: app") == Settings{{"/v2.1", "app"}});
  CHECK(section("http://h/x = app") == Settings{{"http", "//h/x = app"}});
  CHECK(section("a b  =  c = d : e  ") == Settings{{"a b", "c = d : e"}});
  CHECK(section("k=") == Settings{{"k", ""}});
  CHECK(section("k = \"v\" ; no # comment") == Settings{{"k", "\"v\" ; no # comment"}});
}

TEST_CASE("keys and values are kept as they are: case, UTF-8, percent signs") {
  CHECK(section("K\xc3\xa9y = %(\xc3\xa9)s %%") == Settings{{"K\xc3\xa9y", "%(\xc3\xa9)s %%"}});
  CHECK(section("k = 1\nK = 2") == Settings{{"k", "1"}, {"K", "2"}});
}

TEST_CASE("a line that begins with # or ; is a comment, wherever it is indented to") {
  CHECK(section("# a = 1\n  ; b = 2\nc = 3\n") == Settings{{"c", "3"}});
  CHECK(read("# before the first section\n[s]\n").sections.size() == 1);
}

TEST_CASE("a line indented deeper than its key goes on with the value") {
  CHECK(section("k = a\n  b\n c\nl = 1") == Settings{{"k", "a\nb\nc"}, {"l", "1"}});
  CHECK(section("k =\n  a\n  b = c\n  [d]") == Settings{{"k", "\na\nb = c\n[d]"}});
  CHECK(section("  k = a\n  l = b") == Settings{{"k", "a"}, {"l", "b"}});
}

TEST_CASE("within a value comments are left out and blank lines kept, but not at its end") {
  CHECK(section("k = a\n  # no\n\n  b\n\n\n") == Settings{{"k", "a\n\nb"}});
  CHECK(section("k = a\n\n  b\n\nl = 1") == Settings{{"k", "a\n\nb"}, {"l", "1"}});
}

TEST_CASE("the line after a header does not go on with anything, however it is indented") {
  CHECK(section("    k = a\n   l = b") == Settings{{"k", "a"}, {"l", "b"}});
}

TEST_CASE("indents are counted in characters, and white space is Unicode's") {
  // A no-break space is two octets and one character: as deep as one blank.
  CHECK(section(" k = a\n\xc2\xa0l = b") == Settings{{"k", "a"}, {"l", "b"}});
  CHECK(section("k\xe3\x80\x80= \xe2\x80\x83 v\xe2\x80\xaf\xc2\x85\x1f") == Settings{{"k", "v"}});
  CHECK(section("k = a\n\xe1\x9a\x80\xe2\x81\x9f"
                "b") == Settings{{"k", "a\nb"}});
}

TEST_CASE("lines end with LF, CRLF or CR") {
  CHECK(section("a = 1\r\nb = 2\rc = 3\n") == Settings{{"a", "1"}, {"b", "2"}, {"c", "3"}});
}

TEST_CASE("a header goes to the last bracket of its line; what follows is ignored") {
  const IniFile ini = read("[app:a] text\n[app:b]; x ] y\n[ default ]\n[default]\n");
  REQUIRE(ini.sections.size() == 4);
  CHECK(ini.sections[0].name == "app:a");
  CHECK(ini.sections[1].name == "app:b]; x ");
  CHECK(ini.sections[2].name == " default ");
  CHECK(ini.sections[3].line == 4);
}

TEST_CASE("[DEFAULT] is apart, in that spelling alone, and may come twice") {
  const IniFile ini = read("[DEFAULT]\na = 1\n[default]\nb = 2\n[DEFAULT]\nc = 3\n");
  CHECK(ini.defaults.values == Settings{{"a", "1"}, {"c", "3"}});
  CHECK(ini.defaults.lines.at("c") == 6);
  CHECK(ini.sections.size() == 1);
}

TEST_CASE("what Python's configparser refuses is refused, with line and section") {
  const auto again = error_of("[s]\nk = 1\nk : 2\n");
  CHECK(again.line() == 3);
  CHECK(again.section() == "s");
  CHECK(std::string{again.what()} ==
        "/p.ini:3: key \"k\" of [s] already exists, from line 2; remove one of the two");
  CHECK(error_of("[DEFAULT]\nk = 1\n[DEFAULT]\nk = 2").line() == 4);
  CHECK(std::string{error_of("[s]\n\n[s]\n").what()} ==
        "/p.ini:3: section [s] already exists, from line 1; join the two");
  CHECK(std::string{error_of("[s]\nword\n").what()} ==
        "/p.ini:2: \"word\" is neither KEY = VALUE nor a section header");
  CHECK(error_of("[s]\n = v\n").line() == 2);
  CHECK(error_of("[s]\n[]\n").line() == 2);
  CHECK(std::string{error_of("\nk = 1\n[s]\n").what()} ==
        "/p.ini:2: \"k = 1\" stands before the first section header");
  CHECK(error_of("[s\nk = v\n").line() == 1);
  CHECK(std::string{error_of("\xef\xbb\xbf[s]\n").what()} ==
        "/p.ini:1: the file begins with a byte order mark; save it without one");
}

TEST_CASE("a header that is not closed is a key, if it has a colon and follows a section") {
  CHECK(read("[s]\n[app:x\n").sections[0].values == Settings{{"[app", "x"}});
}

TEST_CASE("what is not UTF-8 is refused, with its line") {
  for (const char* bad : {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xe2\x82", "\xf4\x90\x80\x80"}) {
    CHECK(error_of(std::string{"[s]\nk = "} + bad + "\n").line() == 2);
  }
  CHECK(section("k = \xf0\x9f\x98\x80\xed\x9f\xbf").size() == 1);
}

}  // namespace
