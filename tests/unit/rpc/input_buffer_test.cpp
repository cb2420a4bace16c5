#include "input_buffer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>

using thane::rpc::internal::InputBuffer;

namespace {

// As a stream would: as much as there is room for.
void read(InputBuffer& to, std::string_view& stream, std::size_t whole = 0) {
  const auto space = to.space(whole);
  const std::string_view part = stream.substr(0, space.size());
  std::ranges::copy(part, space.begin());
  to.filled(part.size());
  stream.remove_prefix(part.size());
}

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 7 % 26);
  return text;
}

TEST_CASE("octets come out in their order, whatever is left of them between two reads") {
  const std::string all = pattern(1'000'000);
  std::string_view stream = all;
  InputBuffer input;
  CHECK(input.octets().empty());
  std::string seen;
  for (std::size_t left = 0; !stream.empty(); left = (left + 777) % 5000) {
    read(input, stream);
    const std::size_t used = input.octets().size() - std::min(left, input.octets().size());
    seen += input.octets().substr(0, used);
    input.used(used);
  }
  seen += input.octets();
  CHECK(seen == all);
}

TEST_CASE("there is room for a long message, and it is given back behind it") {
  const std::string all = pattern(400'000);
  std::string_view stream = all;
  InputBuffer input;
  read(input, stream);
  const std::size_t usual = input.octets().size();
  CHECK(usual < all.size());
  while (!stream.empty()) read(input, stream, all.size());
  CHECK(input.octets() == all);
  CHECK_FALSE(input.space().empty());
  input.used(all.size());
  CHECK(input.space().size() == usual);
}

}  // namespace
