#include "amqp/frame.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace thane::rpc::amqp;
using namespace std::string_view_literals;

namespace {

constexpr std::uint32_t frame_max = 4096;

int code_of(std::string_view octets) {
  FrameParser parser{frame_max};
  parser.feed(octets);
  try {
    while (parser.next()) {
    }
    return 200;
  } catch (const protocol_error& error) {
    return static_cast<int>(error.code());
  }
}

TEST_CASE("frames are found however the octets are cut") {
  const std::string_view octets =
      "\x01\0\x07\0\0\0\x03xyz\xce\x08\0\0\0\0\0\0\xce\x03\0\x01\0\0\0\0\xce"sv;
  for (const std::size_t piece : {1, 2, 5, 100}) {
    FrameParser parser{frame_max};
    std::vector<std::string> payloads;
    std::vector<ChannelId> channels;
    for (std::size_t i = 0; i < octets.size(); i += piece) {
      parser.feed(octets.substr(i, piece));
      while (const auto frame = parser.next()) {
        payloads.emplace_back(frame->payload);
        channels.push_back(frame->channel);
      }
    }
    CHECK(payloads == std::vector<std::string>{"xyz", "", ""});
    CHECK(channels == std::vector<ChannelId>{7, 0, 1});
  }
}

TEST_CASE("what is no frame is refused with 501, as soon as it can be seen") {
  CHECK(code_of("\x01\0\x07\0\0\0\x01x\xcf"sv) == 501);  // Another end.
  CHECK(code_of("\x04"sv) == 501);                       // A type that nobody knows.
  CHECK(code_of("\x01\0\x01\0\0\x0f\xf9"sv) == 501);     // One octet too large, and not there yet.
  CHECK(code_of("\x01\0\x01\0\0\x0f\xf8"sv) == 200);
  CHECK(code_of("\x08\0\x01\0\0\0\0\xce"sv) == 501);   // A heartbeat on a channel.
  CHECK(code_of("\x08\0\0\0\0\0\x01x\xce"sv) == 501);  // A heartbeat with a payload.
  CHECK(code_of("AMQP\0\0\x09\x01"sv) == 501);         // A broker of another version.
  CHECK(code_of("HTTP/1.1 400 Bad Request"sv) == 501);
}

TEST_CASE("there is room for the whole of a frame whose head is there") {
  FrameParser parser{200'000};
  parser.feed("\x03\0\x01\0\x02\x49\xf0"sv);  // 150000 octets.
  CHECK_FALSE(parser.next());
  CHECK(parser.space().size() >= 150'001);
}

TEST_CASE("a frame that cannot be written leaves nothing behind") {
  std::string output = "before";
  CHECK_THROWS_AS(write_frame_of(output, FrameType::method, 1,
                                 [](Writer& to) { to.short_string(std::string(256, 'x')); }),
                  std::invalid_argument);
  CHECK(output == "before");
}

}  // namespace
