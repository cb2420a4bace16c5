// Any bytes as the values of fields that filters and files read: dates, tags, ranges, weights,
// passwords. What they say is within its bounds, and does not change when it is read again.
#include <thane/assert.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "files/byte_ranges.hpp"
#include "files/http_date.hpp"
#include "files/preconditions.hpp"
#include "fuzz_target.hpp"
#include "middleware/accept_encoding.hpp"
#include "middleware/user_file.hpp"

namespace {

using namespace thane::wsgi::internal;

void check_date(std::string_view text) {
  const auto time = parse_http_date(text, 1790000000);
  if (!time) return;
  const std::string written = format_http_date(*time);
  THANE_ASSERT(parse_http_date(written, 1790000000) == time);
  THANE_ASSERT(written.size() == 29);
}

void check_ranges(std::string_view text, std::uint64_t size) {
  const auto wanted = parse_byte_ranges(text, size, 4);
  THANE_ASSERT(wanted.ranges.empty() == (wanted.kind != WantedRanges::Kind::some));
  THANE_ASSERT(wanted.ranges.size() <= 4);
  std::uint64_t total = 0;
  for (const ByteRange& range : wanted.ranges) {
    THANE_ASSERT(range.size > 0 && range.first < size && range.size <= size - range.first);
    total += range.size;
  }
  THANE_ASSERT(total <= size);
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  return {"Sun, 06 Nov 1994 08:49:37 GMT",
          "Sunday, 06-Nov-94 08:49:37 GMT",
          "Sun Nov  6 08:49:37 1994",
          "bytes=0-499,-500, 9500-,18446744073709551615-18446744073709551616",
          "W/\"a-1\", \"b,c\" ,\"\"",
          "gzip;q=0.5, identity;q=0.001,*;q=0, x-gzip",
          "Basic YW5uOnNlY3JldA=="};
}

std::string fuzz_alphabet() {
  return "bytes=0123456789-,; \t\"W/gzip*q.SunNov:GMT+Basic";
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  check_date(text);
  for (const std::uint64_t length : {std::uint64_t{0}, std::uint64_t{10}, ~std::uint64_t{0} / 2}) {
    check_ranges(text, length);
  }
  const bool strong = any_tag_matches(text, "\"a-1\"", Comparison::strong);
  THANE_ASSERT(!strong || any_tag_matches(text, "\"a-1\"", Comparison::weak));
  THANE_ASSERT(!any_tag_matches(text, "W/\"a-1\"", Comparison::strong));
  THANE_ASSERT(!prefers_gzip(text) || text.find_first_of("gG*") != text.npos);
  if (const auto credentials = parse_credentials(text)) {
    THANE_ASSERT(credentials->user.find_first_of(std::string_view{":\0", 2}) == std::string::npos);
  }
  return 0;
}
