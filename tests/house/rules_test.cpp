// Each house rule, shown to find what it is there to find.
#include <doctest/doctest.h>

#include <string>

#include "house/rules.hpp"

using namespace thane::house;

namespace {

std::string repeat(const std::string& text, std::size_t times) {
  std::string result;
  for (std::size_t i = 0; i < times; ++i) {
    result += text;
  }
  return result;
}

TEST_CASE("a line may have 100 columns and not 101; characters count, not bytes") {
  CHECK(check_lines({"a.cpp", std::string(100, 'x') + "\n"}).empty());
  CHECK(check_lines({"a.cpp", std::string(101, 'x') + "\n"}) ==
        Violations{{1, "line of 101 columns"}});
  CHECK(check_lines({"a.cpp", repeat("─", 100) + "\n"}).empty());
}

TEST_CASE("tabs, blanks at the end and a missing last newline are found with their lines") {
  CHECK(check_lines({"a.cpp", "x\n\ty\n"}) == Violations{{2, "tab"}});
  CHECK(check_lines({"a.cpp", "x \n"}) == Violations{{1, "blank at the end of the line"}});
  CHECK(check_lines({"a.cpp", "x"}) == Violations{{1, "no newline at the end of the file"}});
}

TEST_CASE("a function may have 70 lines and not 71, wherever it stands") {
  const auto function = [](std::size_t lines) {
    return "int f(int x) {\n" + repeat("  g();\n", lines - 2) + "}\n";
  };
  CHECK(check_lengths({"a.cpp", function(70)}).empty());
  CHECK(check_lengths({"a.cpp", function(71)}) == Violations{{1, "function of 71 lines"}});
  CHECK(check_lengths({"a.cpp", "namespace a {\nclass B {\n" + function(71) + "};\n}\n"}) ==
        Violations{{3, "function of 71 lines"}});
}

TEST_CASE("directives are no part of what they stand before") {
  const std::string text = "#if defined(A)\n#define B(x) { \\\n  {\n#endif\nnamespace a {\n";
  CHECK(check_lengths({"a.cpp", text + repeat("int i;\n", 80) + "}\n"}).empty());
}

TEST_CASE(
    "namespaces and classes may be longer than a function, and files up to 400 lines, tests 600") {
  CHECK(check_lengths({"a.cpp", "class B {\n" + repeat("  void f() { g(); }\n", 100) + "};\n"})
            .empty());
  CHECK(check_lengths({"a.cpp", repeat("int i;\n", 400)}).empty());
  CHECK(check_lengths({"a.cpp", repeat("int i;\n", 401)}) == Violations{{0, "file of 401 lines"}});
  CHECK(check_lengths({"tests/a_test.cpp", repeat("int i;\n", 600)}).empty());
  CHECK(check_lengths({"tests/a_test.cpp", repeat("int i;\n", 601)}).size() == 1);
}

TEST_CASE("braces in comments and literals do not count, digit separators open no literal") {
  CHECK(blank_comments_and_literals("a // {\nb /* { */ c") == "a     \nb         c");
  CHECK(blank_comments_and_literals(R"(f("{\"", '{');)") == R"(f("   ", ' ');)");
  CHECK(blank_comments_and_literals("x = 1'000; {") == "x = 1'000; {");
  CHECK(blank_comments_and_literals("y(R\"a({\")a\") {") == "y(         ) {");
}

TEST_CASE("a header says what it is for in a sentence, and has #pragma once") {
  CHECK(check_header({"a.hpp", "// What it is.\n#pragma once\n"}).empty());
  CHECK(check_header({"a.hpp", "#pragma once\n"}).size() == 1);
  CHECK(check_header({"a.hpp", "// what\n#pragma once\n"}).size() == 1);
  CHECK(check_header({"a.hpp", "// What it is.\n"}) == Violations{{0, "no #pragma once"}});
}

TEST_CASE("a source includes its own header first, if it has one") {
  const std::vector<std::string> headers{"core/include/thane/log.hpp", "core/src/ini.hpp"};
  CHECK(check_first_include({"core/src/log.cpp", "#include <thane/log.hpp>\n"}, headers).empty());
  CHECK(check_first_include({"core/src/ini.cpp", "#include \"ini.hpp\"\n"}, headers).empty());
  CHECK(check_first_include({"core/src/base.cpp", "#include <new>\n"}, headers).empty());
  CHECK(check_first_include({"core/src/ini.cpp", "#include <new>\n#include \"ini.hpp\"\n"},
                            headers) == Violations{{0, "the first include is not its own header"}});
}

TEST_CASE("only <thane/asio.hpp> shows Boost to users") {
  const std::string text = "#include <boost/asio/ip/tcp.hpp>\n";
  CHECK(check_public_includes({"core/include/thane/asio.hpp", text}).empty());
  CHECK(check_public_includes({"core/include/thane/socket.hpp", text}).size() == 1);
  CHECK(check_public_includes({"core/include/thane/socket.hpp", "#include <thane/asio.hpp>\n"})
            .size() == 1);
}

TEST_CASE("a thread that sleeps in a test is found, a fiber is not") {
  CHECK(check_no_sleep({"t.cpp", "std::this_thread::sleep_for(1s);\n"}).size() == 1);
  CHECK(check_no_sleep({"t.cpp", "  ::usleep(5);\n"}).size() == 1);
  CHECK(check_no_sleep({"t.cpp", "  ::sleep(5);\n"}).size() == 1);
  CHECK(check_no_sleep({"t.cpp", "thane::this_fiber::sleep_for(1s);  // no ::sleep( here\n"})
            .empty());
}

TEST_CASE("the words that are not used here are found in any case") {
  CHECK(check_words({"a.md",
                     "the Mas"
                     "ter process\n"})
            .size() == 1);
  CHECK(check_words({"a.md",
                     "parent, worker, mas"
                     "tery\n"})
            .empty());
}

TEST_CASE("option names, links, the program of a page and macros are read from their texts") {
  CHECK(option_names("Opt<int>{.name = \"workers\", .min = 1}, Opt<bool>{\n.name = \"tcp\"}") ==
        std::vector<std::string>{"workers", "tcp"});
  CHECK(option_names("Other{.name = \"x\"}").empty());
  CHECK(link_targets("[a](docs/a.md#top) [b](https://b.example/) [c](c.md)") ==
        std::vector<std::string>{"docs/a.md", "c.md"});
  CHECK(code_blocks("# x\n```cpp\nint i;\n```\n```\nno\n```\n\n```cpp\nint j;\n```\n", "cpp") ==
        std::vector<std::string>{"int i;\n", "int j;\n"});
  CHECK(macro_names("#define A(x) x\n#  define B\n") == std::vector<std::string>{"A", "B"});
}

}  // namespace
