#include "line_buffer.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using thane::internal::LineBuffer;

namespace {

using Lines = std::vector<std::string>;

struct Buffer {
  LineBuffer buffer;
  Lines lines;

  void add(std::string_view bytes) {
    buffer.add(bytes, [this](std::string_view line) { lines.emplace_back(line); });
  }
  void finish() {
    buffer.finish([this](std::string_view line) { lines.emplace_back(line); });
  }
};

TEST_CASE_FIXTURE(Buffer, "a line is given when it is complete") {
  add("one\ntw");
  CHECK(lines == Lines{"one"});
  add("o");
  add("\n");
  CHECK(lines == Lines{"one", "two"});
}

TEST_CASE_FIXTURE(Buffer, "what has come of the last line is given at the end, once") {
  add("one\ntwo");
  finish();
  finish();
  CHECK(lines == Lines{"one", "two"});
}

TEST_CASE_FIXTURE(Buffer, "lines come the same however they are cut") {
  const std::string text = "one\ntwo\r\n\n\nthree\nfour";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    Buffer cut;
    for (std::size_t begin = 0; begin < text.size(); begin += size) {
      cut.add(text.substr(begin, size));
    }
    cut.finish();
    CHECK(cut.lines == Lines{"one", "two", "three", "four"});
  }
}

TEST_CASE_FIXTURE(Buffer, "a line that is too long comes in parts, and nothing is lost") {
  const std::size_t most = LineBuffer::longest_line;
  add(std::string(most, 'a') + "\n" + std::string(2 * most + 1, 'b') + "\nend\n");
  CHECK(lines ==
        Lines{std::string(most, 'a'), std::string(most, 'b'), std::string(most, 'b'), "b", "end"});
}

}  // namespace
