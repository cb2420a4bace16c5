// Any octets as frames between processes: the same ones however the octets are cut.
#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

#include <thane/assert.hpp>

#include "fuzz_target.hpp"
#include "local/frame.hpp"

using namespace thane::rpc::internal;

namespace {

std::string frames_of(std::string_view octets, std::size_t piece) {
  FrameReader reader;
  std::string seen;
  try {
    while (!octets.empty()) {
      const auto space = reader.space();
      const std::size_t count = std::min({space.size(), octets.size(), piece});
      std::memcpy(space.data(), octets.data(), count);
      reader.filled(count);
      octets.remove_prefix(count);
      while (const auto frame = reader.next()) append_frame(seen, *frame);
    }
  } catch (const std::invalid_argument&) {
    seen += "refused";
  }
  return seen;
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  std::string stream;
  append_frame(stream, {.kind = FrameKind::hello, .id = 7, .expires = 2});
  append_frame(stream, {.kind = FrameKind::call, .id = 8, .payload = "{}"});
  append_frame(stream, {.kind = FrameKind::drain});
  return {stream};
}

std::string fuzz_alphabet() {
  return std::string{"\x00\x01\x02\x08\xff{}", 7};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view octets{reinterpret_cast<const char*>(data), size};
  const std::string whole = frames_of(octets, size);
  THANE_ASSERT(whole == frames_of(octets, 1));
  THANE_ASSERT(whole == frames_of(octets, 25));
  return 0;
}
