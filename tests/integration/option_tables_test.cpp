// The tables of options in docs/ are what programs print with --options-markdown.
//
// A page says which rows it wants between two comments; the rows are written by this test:
//
//   <!-- options: examples/web [web] -->                             all options of the group
//   <!-- options: examples/hello [DEFAULT] config_file..log_format -->   these and those between
//   <!-- end of options -->
//
//   THANE_WRITE_DOCS=1 build/dev/tests/integration.option_tables     writes them into the pages
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <regex>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/child_process.hpp"

namespace fs = std::filesystem;
using thane::testing::ChildProcess;
using thane::testing::Exit;

namespace {

using Lines = std::vector<std::string>;

constexpr std::string_view end_mark = "<!-- end of options -->";
constexpr std::string_view head_row = "| option | default | value | meaning |";

// What a page asks for: the rows of one group from `first` to `last`, or all of them.
struct Wish {
  std::string program, group, first, last;
};

std::optional<Wish> wish_of(const std::string& line) {
  static const std::regex mark{R"(<!-- options: (\S+) (\[\S+\])(?: (\w+)\.\.(\w+))? -->)"};
  std::smatch match;
  if (!std::regex_match(line, match, mark)) return std::nullopt;
  return Wish{match[1], match[2], match[3], match[4]};
}

std::string name_of_row(const std::string& row) {
  static const std::regex name{R"(^\| `(\w+)` \|)"};
  std::smatch match;
  return std::regex_search(row, match, name) ? match[1].str() : std::string{};
}

// The rows that a program prints, by group.
using Groups = std::map<std::string, Lines>;

Groups printed_by(const std::string& program) {
  const fs::path path = fs::path{EXAMPLES_DIR}.parent_path() /
                        (program.starts_with("examples/") ? "" : "tests") / program;
  ChildProcess child{path.string(), {"--options-markdown"}};
  REQUIRE(child.wait_exit() == Exit{.code = 0});
  (void)child.printed("");  // Reads to the end.
  Groups groups;
  std::string group;
  for (const auto& line : child.messages_so_far()) {
    if (line.starts_with("### ")) group = line.substr(4);
    if (!name_of_row(line).empty()) groups[group].push_back(line);
  }
  return groups;
}

Lines rows_for(const Wish& wish, const Groups& groups) {
  const auto found = groups.find(wish.group);
  REQUIRE_MESSAGE(found != groups.end(), wish.program << " has no group " << wish.group);
  const Lines& rows = found->second;
  if (wish.first.empty()) return rows;
  const auto first = std::ranges::find(rows, wish.first, name_of_row);
  const auto last = std::find_if(first, rows.end(),
                                 [&](const auto& row) { return name_of_row(row) == wish.last; });
  REQUIRE_MESSAGE(last != rows.end(), "no options " << wish.first << ".." << wish.last);
  return {first, std::next(last)};
}

struct Page {
  fs::path path;
  Lines lines;
};

std::vector<Page> pages() {
  std::vector<Page> all;
  for (const auto& entry : fs::directory_iterator{fs::path{SOURCE_DIR} / "docs"}) {
    if (entry.path().extension() != ".md") continue;
    std::ifstream file{entry.path()};
    Page page{entry.path(), {}};
    for (std::string line; std::getline(file, line);) page.lines.push_back(line);
    all.push_back(std::move(page));
  }
  return all;
}

// The tables of all pages, and what the programs that they name print.
class Tables {
 public:
  // The page as it should be.
  Lines rewrite(const Page& page) {
    Lines written;
    bool within = false;
    for (const auto& line : page.lines) {
      if (line == end_mark) within = false;
      if (within) continue;
      CHECK_MESSAGE(line != head_row, page.path << ": a table of options that nobody generates");
      written.push_back(line);
      if (const auto wish = wish_of(line)) {
        within = true;
        append(*wish, written);
      }
    }
    CHECK_MESSAGE(!within, page.path << ": no " << end_mark);
    return written;
  }

  // Options of a group that is shown in part are all in one table or another.
  void expect_complete() const {
    for (const auto& [program, group] : asked_) {
      for (const auto& row : programs_.at(program).at(group)) {
        CHECK_MESSAGE(std::ranges::count(shown_, group + row) > 0,
                      "in no table of docs/: " << group << " " << row);
      }
    }
  }

 private:
  void append(const Wish& wish, Lines& written) {
    if (!programs_.contains(wish.program)) programs_[wish.program] = printed_by(wish.program);
    asked_.emplace_back(wish.program, wish.group);
    written.emplace_back(head_row);
    written.emplace_back("|---|---|---|---|");
    for (const auto& row : rows_for(wish, programs_[wish.program])) {
      written.push_back(row);
      shown_.push_back(wish.group + row);
    }
  }

  std::map<std::string, Groups> programs_;
  std::vector<std::pair<std::string, std::string>> asked_;  // Program and group.
  Lines shown_;                                             // Group and row.
};

TEST_CASE("the tables of options in the pages are what --options-markdown prints") {
  Tables tables;
  for (const auto& page : pages()) {
    const auto wanted = tables.rewrite(page);
    if (wanted == page.lines) continue;
    if (std::getenv("THANE_WRITE_DOCS") != nullptr) {
      std::ofstream file{page.path};
      std::ranges::copy(wanted, std::ostream_iterator<std::string>{file, "\n"});
      continue;
    }
    const auto [want, have] = std::ranges::mismatch(wanted, page.lines);
    FAIL_CHECK(page.path << " has\n  " << (have == page.lines.end() ? "" : *have)
                         << "\ninstead of\n  " << (want == wanted.end() ? "" : *want)
                         << "\nTHANE_WRITE_DOCS=1 and this test write it.");
  }
  tables.expect_complete();
}

}  // namespace
