#include "chunked_decoder.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using thane::wsgi::internal::ChunkedDecoder;
using State = ChunkedDecoder::State;

namespace {

struct Decoded {
  State state;
  std::string data;
  std::size_t unused;  // Octets behind the body.
};

Decoded decode(std::string_view input, std::size_t piece = std::string_view::npos) {
  ChunkedDecoder decoder;
  Decoded result{State::more, {}, 0};
  while (!input.empty() && decoder.state() == State::more) {
    const auto step = decoder.decode(input.substr(0, piece));
    result.data += step.data;
    input.remove_prefix(step.consumed);
  }
  result.state = decoder.state();
  result.unused = input.size();
  return result;
}

State state_of(std::string_view input) {
  return decode(input).state;
}

TEST_CASE("chunks are joined, and the decoder stops right behind the last one") {
  for (const std::size_t piece : {1, 2, 3, 1000}) {
    const auto result = decode("5\r\nhello\r\n006\r\n world\r\n0\r\n\r\nGET", piece);
    CHECK(result.state == State::done);
    CHECK(result.data == "hello world");
    CHECK(result.unused == 3);
  }
}

TEST_CASE("extensions and trailers are well-formed and ignored") {
  CHECK(decode("1;a\r\nx\r\n0\r\n\r\n").data == "x");
  for (const char* fine : {"0;a=b\r\n\r\n", "0 ; a = b ;c\r\n\r\n", "0;a=\"q;\\\"\r\"\r\n\r\n",
                           "0;a=\"x y\";b\r\n\r\n", "0\r\nA: b\r\nC:\r\n\r\n"}) {
    INFO(fine);
    CHECK(
        state_of(fine) ==
        (std::string_view{fine}.find("\r\"") == std::string_view::npos ? State::done : State::bad));
  }
  for (const char* bad : {"0;\r\n", "0 \r\n", "0;a=\r\n", "0;a b\r\n", "0;a=\"b\r\n", "0;a\n",
                          "0;a=b c\r\n", "0\r\nA\r\n", "0\r\n: b\r\n", "0\r\nA : b\r\n",
                          "0\r\nA: b\n", "0\r\n\rx", "0\r\n folded\r\n"}) {
    INFO(bad);
    CHECK(state_of(bad) == State::bad);
  }
}

TEST_CASE("sizes are hexadecimal digits that fit") {
  for (const char* bad : {"\r\n", "g\r\n", "+1\r\n", "-1\r\n", "0x1\r\n", " 1\r\n", "1_0\r\n",
                          "10000000000000000\r\n", "ffffffffffffffffff\r\n", "1\nx", "1\rx"}) {
    INFO(bad);
    CHECK(state_of(bad) == State::bad);
  }
  CHECK(state_of("7fffffffffffffff\r\n") == State::more);
}

TEST_CASE("data ends with CRLF") {
  CHECK(state_of("1\r\nxy") == State::bad);
  CHECK(state_of("1\r\nx\n") == State::bad);
  CHECK(state_of("1\r\nx\rx") == State::bad);
}

TEST_CASE("what is ignored is bounded") {
  const std::string much(ChunkedDecoder::max_overhead, 'a');
  CHECK(state_of("0;" + much) == State::bad);
  CHECK(state_of("0\r\nA: " + much) == State::bad);
  CHECK(state_of(std::string(ChunkedDecoder::max_overhead + 1, '0')) == State::bad);
  std::string small_chunks;
  for (int i = 0; i < 1000; ++i) small_chunks += "1;abcdefghijklmnopqrst\r\nx\r\n";
  CHECK(state_of(small_chunks) == State::bad);
}

}  // namespace
