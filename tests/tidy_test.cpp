// The house rules, put to the whole tree: docs/hacking.md says what they are, house/rules.hpp how
// they are read.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

#include "house/rules.hpp"

using namespace thane::house;
namespace fs = std::filesystem;

namespace {

const fs::path root{SOURCE_DIR};

std::string read(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  REQUIRE_MESSAGE(file, "cannot read " << path.string());
  return {std::istreambuf_iterator<char>{file}, {}};
}

std::vector<Source> read_tree() {
  std::vector<Source> sources;
  const auto add = [&sources](const fs::path& path) {
    sources.push_back({path.lexically_relative(root).string(), read(path)});
  };
  for (const char* folder : {"core", "service", "launcher", "wsgi", "run", "rpc", "servicegroup",
                             "examples", "tests", "docs", "bench", "cmake", ".ci"}) {
    for (const auto& entry : fs::recursive_directory_iterator{root / folder}) {
      // tests/data holds input as others wrote it.
      if (entry.is_regular_file() &&
          entry.path().string().find("/tests/data/") == std::string::npos) {
        add(entry.path());
      }
    }
  }
  for (const char* file : {"CMakeLists.txt", "README.md", "CHANGELOG.md", "quickstart", "check"}) {
    add(root / file);
  }
  return sources;
}

struct Tree {
  std::vector<Source> all = read_tree();

  std::vector<Source> with(const std::string& pattern) const {
    std::vector<Source> result;
    const std::regex regex{pattern};
    std::ranges::copy_if(all, std::back_inserter(result), [&](const Source& source) {
      return std::regex_search(source.path, regex);
    });
    REQUIRE_MESSAGE(!result.empty(), "no file matches " << pattern);
    return result;
  }

  std::string joined(const std::string& pattern) const {
    std::string text;
    for (const auto& source : with(pattern)) {
      text += source.text;
    }
    return text;
  }
};

void expect_none(const Source& source, const Violations& violations) {
  for (const auto& violation : violations) {
    FAIL_CHECK(source.path << ":" << violation.line << ": " << violation.what);
  }
}

TEST_CASE_FIXTURE(Tree, "lines are short and clean") {
  for (const auto& source : with(R"(\.([ch]pp|cmake|sh|txt)$|^(quickstart|check|\.ci/run)$)")) {
    expect_none(source, check_lines(source));
  }
}

TEST_CASE_FIXTURE(Tree, "files and functions are short") {
  for (const auto& source : with(R"(\.[ch]pp$)")) {
    expect_none(source, check_lengths(source));
  }
}

TEST_CASE_FIXTURE(Tree, "headers begin with what they are for") {
  for (const auto& source : with(R"(\.hpp$)")) {
    expect_none(source, check_header(source));
  }
}

TEST_CASE_FIXTURE(Tree, "sources include their own header first") {
  std::vector<std::string> headers;
  for (const auto& header : with(R"(\.hpp$)")) {
    headers.push_back(header.path);
  }
  for (const auto& source : with(R"(/src/.*\.cpp$)")) {
    expect_none(source, check_first_include(source, headers));
  }
}

TEST_CASE_FIXTURE(Tree, "public headers hide what thane is built on") {
  std::vector<std::string> macros;
  for (const auto& header : with(R"(/include/thane/.*\.hpp$)")) {
    expect_none(header, check_public_includes(header));
    std::ranges::copy(macro_names(header.text), std::back_inserter(macros));
  }
  CHECK_MESSAGE(macros.size() <= max_macros, "public macros: " << macros.size());
}

TEST_CASE_FIXTURE(Tree, "tests do not sleep, except where they are the machinery or the victim") {
  for (const auto& source :
       with(R"(^tests/(unit|integration|soak|house)/|^tests/[^/]*_test\.cpp$)")) {
    expect_none(source, check_no_sleep(source));
  }
}

TEST_CASE_FIXTURE(Tree, "processes are called parent and worker") {
  for (const auto& source : all) {
    expect_none(source, check_words(source));
  }
}

TEST_CASE_FIXTURE(Tree, "every example is run by an integration test") {
  const auto tests = joined("^tests/integration/");
  for (const auto& example : with(R"(^examples/[^/]*\.cpp$)")) {
    const auto name = fs::path{example.path}.stem().string();
    CHECK_MESSAGE(tests.find("/" + name + "\"") != std::string::npos,
                  "no test in tests/integration starts EXAMPLES_DIR \"/" << name << "\"");
  }
}

TEST_CASE_FIXTURE(Tree, "every example says in its first lines how to run it") {
  for (const auto& example : with(R"(^examples/[^/]*\.cpp$)")) {
    const auto command = "./" + fs::path{example.path}.stem().string();
    const auto head = example.text.substr(0, example.text.find("#include"));
    CHECK_MESSAGE(head.find(command) != std::string::npos, example.path << ": no " << command);
  }
}

TEST_CASE_FIXTURE(Tree, "every option is documented") {
  const auto docs = joined(R"(^docs/[^/]*\.md$)");
  for (const auto& source :
       with(R"(^(core|service|launcher|wsgi|run|rpc|servicegroup)/src/.*\.cpp$)")) {
    for (const auto& option : option_names(source.text)) {
      CHECK_MESSAGE(docs.find("`" + option + "`") != std::string::npos,
                    source.path << ": option " << option << " is in no page of docs/");
    }
  }
}

TEST_CASE_FIXTURE(Tree, "links between pages lead somewhere") {
  for (const auto& page : with(R"(\.md$)")) {
    for (const auto& target : link_targets(page.text)) {
      CHECK_MESSAGE(fs::exists(root / fs::path{page.path}.parent_path() / target),
                    page.path << " links to " << target);
    }
  }
}

TEST_CASE("the program in the README is examples/hello.cpp, in at most 30 lines") {
  const auto hello = read(root / "examples/hello.cpp");
  const auto blocks = code_blocks(read(root / "README.md"), "cpp");
  REQUIRE(!blocks.empty());
  CHECK(blocks.front() == hello);
  CHECK(std::ranges::count(hello, '\n') <= 30);
}

TEST_CASE("the programs in the tutorial are those of examples/tutorial") {
  const fs::path programs = root / "examples/tutorial";
  CHECK(code_blocks(read(root / "docs/tutorial.md"), "cpp") ==
        std::vector{read(programs / "service.cpp"), read(programs / "chores.cpp"),
                    read(programs / "http.cpp")});
}

TEST_CASE("the licence is there, and the changelog knows the version") {
  CHECK(read(root / "LICENSE").find("Apache License") != std::string::npos);
  std::smatch version;
  const auto cmake = read(root / "CMakeLists.txt");
  REQUIRE(std::regex_search(cmake, version, std::regex{R"(project\(thane VERSION ([\d.]+))"}));
  CHECK(read(root / "CHANGELOG.md").find("## " + version[1].str()) != std::string::npos);
}

}  // namespace
