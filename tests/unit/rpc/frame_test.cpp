// Frames in a stream that arrives in pieces of any size.
#include "local/frame.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

using namespace thane::rpc::internal;
using nlohmann::json;

namespace {

void feed(FrameReader& reader, std::string_view octets) {
  while (!octets.empty()) {
    const auto space = reader.space();
    const std::size_t count = std::min(space.size(), octets.size());
    std::memcpy(space.data(), octets.data(), count);
    reader.filled(count);
    octets.remove_prefix(count);
  }
}

TEST_CASE("frames come out as they went in, whatever the pieces") {
  std::string stream;
  append_frame(stream, {.kind = FrameKind::hello, .id = 7});
  append_frame(stream, {.kind = FrameKind::call, .id = 8, .expires = -5}, json{{"a", 1}});
  append_frame(stream, {.kind = FrameKind::reply, .id = 9}, json(std::string(200'000, 'x')));
  append_frame(stream, {.kind = FrameKind::drain});
  for (const std::size_t piece : {1U, 7U, 24U, 1000U, 60'000U}) {
    FrameReader reader;
    std::vector<std::string> seen;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      feed(reader, std::string_view{stream}.substr(at, piece));
      while (const auto frame = reader.next()) {
        seen.push_back(std::to_string(static_cast<int>(frame->kind)) + " " +
                       std::to_string(frame->id) + " " + std::to_string(frame->payload.size()));
        if (frame->kind == FrameKind::call) {
          CHECK(frame->payload == R"({"a": 1})");
          CHECK(frame->expires == -5);
        }
      }
    }
    CHECK(seen == std::vector<std::string>{"1 7 0", "2 8 8", "4 9 200002", "8 0 0"});
  }
}

TEST_CASE("there is room for the whole of a frame whose head is there") {
  std::string stream;
  append_frame(stream, {.kind = FrameKind::reply, .id = 9}, json(std::string(200'000, 'x')));
  FrameReader reader;
  feed(reader, std::string_view{stream}.substr(0, 24));
  CHECK_FALSE(reader.next());
  CHECK(reader.space().size() >= stream.size() - 24);
}

TEST_CASE("what is no frame is refused") {
  FrameReader unknown;
  feed(unknown, std::string(24, '\x7f'));
  CHECK_THROWS_AS((void)unknown.next(), std::invalid_argument);
  for (const std::uint32_t kind : {0U, static_cast<std::uint32_t>(FrameKind::drain) + 1}) {
    std::string none;
    append_frame(none, {.kind = FrameKind{kind}});
    FrameReader reader;
    feed(reader, none);
    CHECK_THROWS_AS((void)reader.next(), std::invalid_argument);
  }

  std::string long_one;
  append_frame(long_one, {.kind = FrameKind::call});
  const std::uint32_t size = most_frame_octets + 1;
  std::memcpy(long_one.data(), &size, sizeof size);
  FrameReader reader;
  feed(reader, long_one);
  CHECK_THROWS_AS((void)reader.next(), std::invalid_argument);
}

}  // namespace
