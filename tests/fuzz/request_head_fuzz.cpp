// Any octets as the head of an HTTP request: complete, refused or unfinished, and the same answer
// however they are cut.
#include <thane/assert.hpp>

#include <algorithm>
#include <array>
#include <string_view>

#include "fuzz_target.hpp"
#include "request_head.hpp"
#include "support/http_corpus.hpp"

using namespace thane::wsgi::internal;
using Kind = ParseResult::Kind;

namespace {

constexpr HeadLimits tight{.line = 64, .target = 24, .head = 160, .fields = 4};

bool within(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_complete(std::string_view input, const ParseResult& result, const RequestHead& head,
                    const HeadLimits& limits) {
  THANE_ASSERT(result.size <= input.size() && result.size <= limits.head);
  const auto text = input.substr(0, result.size);
  THANE_ASSERT(text.ends_with("\r\n\r\n"));
  THANE_ASSERT(!head.method.empty() && within(head.method, text));
  THANE_ASSERT(!head.target.empty() && within(head.target, text));
  THANE_ASSERT(head.target.size() <= limits.target && within(head.query, head.target));
  THANE_ASSERT(within(head.authority, text));
  THANE_ASSERT(head.minor_version == 0 || head.minor_version == 1);
  THANE_ASSERT(head.fields().size() <= limits.fields);
  for (const auto& [name, value] : head.fields()) {
    THANE_ASSERT(!name.empty() && within(name, text) && within(value, text));
    THANE_ASSERT(value.find_first_of("\r\n") == value.npos);
  }
}

void check_refused(const ParseResult& result) {
  constexpr std::array statuses{400, 414, 417, 421, 431, 501, 505};
  THANE_ASSERT(std::ranges::find(statuses, result.status) != statuses.end());
  THANE_ASSERT(!std::string_view{result.reason}.empty());
}

// Octets that come one by one lead to the same verdict, at the same octet.
void check_prefixes(std::string_view input, const ParseResult& result, const HeadLimits& limits) {
  constexpr std::size_t looks = 24;
  RequestHead head;
  const std::size_t end = result.kind == Kind::complete ? result.size : input.size();
  for (std::size_t i = 0; i < looks && end > 0; ++i) {
    const std::size_t size = (end - 1) * i / (looks - 1);
    const auto kind = parse_head(input.substr(0, size), limits, head).kind;
    // Before the end of a head that is fine, or of what is unfinished, nothing is wrong.
    THANE_ASSERT(result.kind == Kind::refused ? kind != Kind::complete : kind == Kind::need_more);
  }
  if (result.kind == Kind::complete) {
    const auto again = parse_head(input.substr(0, result.size), limits, head);
    THANE_ASSERT(again.kind == Kind::complete && again.size == result.size);
  }
}

void check(std::string_view input, const HeadLimits& limits) {
  RequestHead head;
  const auto result = parse_head(input, limits, head);
  if (result.kind == Kind::complete) {
    check_complete(input, result, head, limits);
  } else if (result.kind == Kind::refused) {
    check_refused(result);
  } else {
    THANE_ASSERT(input.size() < limits.head);
  }
  check_prefixes(input, result, limits);
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  std::vector<std::string> seeds;
  for (auto& one : thane::testing::load_corpus(TEST_DATA_DIR "/http-corpus/requests.jsonl")) {
    seeds.push_back(std::move(one.raw));
  }
  return seeds;
}

std::string fuzz_alphabet() {
  return "\r\n\t :;,=\"\\%0fF/#?*[]@.";
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  check(input, {});
  check(input, tight);
  return 0;
}
