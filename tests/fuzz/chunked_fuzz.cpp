// Any octets as a chunked body: the same data and the same verdict however they are cut, and what
// was decoded is what a chunk of it decodes to.
#include <thane/assert.hpp>

#include <algorithm>
#include <string_view>

#include "chunked_decoder.hpp"
#include "fuzz_target.hpp"
#include "support/http_corpus.hpp"

using thane::wsgi::internal::ChunkedDecoder;
using State = ChunkedDecoder::State;

namespace {

struct Decoded {
  std::string data;
  State state = State::more;
  std::size_t consumed = 0;

  friend bool operator==(const Decoded&, const Decoded&) = default;
};

Decoded decode(std::string_view input, std::size_t piece) {
  ChunkedDecoder decoder;
  Decoded result;
  while (result.consumed < input.size() && decoder.state() == State::more) {
    const auto step = decoder.decode(input.substr(result.consumed, piece));
    THANE_ASSERT(step.consumed > 0 && step.consumed <= piece);
    THANE_ASSERT(step.data.size() <= step.consumed);
    result.data += step.data;
    result.consumed += step.consumed;
  }
  THANE_ASSERT(result.consumed <= input.size());
  result.state = decoder.state();
  return result;
}

std::string hexadecimal(std::size_t number) {
  std::string text;
  do {
    text.insert(text.begin(), "0123456789abcdef"[number % 16]);
    number /= 16;
  } while (number > 0);
  return text;
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  std::vector<std::string> seeds{"5\r\nhello\r\n0\r\n\r\n",
                                 "1;a=b;c=\"d\\\"e\"\r\nx\r\n000\r\nTrailer: value\r\n\r\n"};
  for (auto& one : thane::testing::load_corpus(TEST_DATA_DIR "/http-corpus/requests.jsonl")) {
    const auto end = one.raw.find("\r\n\r\n");
    if (end != one.raw.npos && one.raw.find("chunked") != one.raw.npos) {
      seeds.push_back(one.raw.substr(end + 4));
    }
  }
  return seeds;
}

std::string fuzz_alphabet() {
  return "\r\n\t :;=\"\\0123456789abcdefABCDEF";
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  const auto whole = decode(input, std::string_view::npos);
  THANE_ASSERT(whole == decode(input, 1));
  THANE_ASSERT(whole == decode(input, 3));
  if (whole.state == State::done) {
    THANE_ASSERT(input.substr(0, whole.consumed).ends_with("\r\n"));
    std::string again = "0\r\n\r\n";
    if (!whole.data.empty()) {
      again = hexadecimal(whole.data.size()) + "\r\n" + whole.data + "\r\n" + again;
    }
    THANE_ASSERT((decode(again, 7) == Decoded{whole.data, State::done, again.size()}));
  }
  return 0;
}
