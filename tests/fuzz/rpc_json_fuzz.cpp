// Any octets as the JSON of a message: what is read is written so that it is read the same again,
// and what nlohmann's reader takes is taken. What it may be, a call, an answer, a failure, is taken
// apart.
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include <thane/assert.hpp>
#include <thane/rpc/remote_error.hpp>

#include "failure.hpp"
#include "fuzz_target.hpp"
#include "json_text.hpp"
#include "message_fields.hpp"

using nlohmann::json;
using namespace thane::rpc::internal;

namespace {

template <class Function>
void try_to(Function function) {
  try {
    function();
  } catch (const std::invalid_argument&) {
    // Refused, as it may be.
  }
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  return {
      R"({"method": "echo", "args": {"arg": {"x": [1, "\u017e"]}}, "version": "1.3", "_msg_id": "8",
          "_reply_q": "reply_1", "_timeout": null, "_unique_id": "3c", "_context_user_id": "u1"})",
      R"({"result": null, "failure": "{\"class\": \"C\"}", "ending": true, "_msg_id": "3d"})",
      R"({"class": "C", "module": "m", "message": "x", "tb": ["a\n"], "args": [1], "kwargs": {}})",
      R"([NaN, -Infinity, 1208925819614629174706176, 5e-324, "\ud800", "\ud83d\ude00", -0.0])"};
}

std::string fuzz_alphabet() {
  return "{}[]:,\"\\u0123456789abcdefDNIntrlse+-. \n\xc3\xed\xa0\x80\xf0\x9f";
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  try_to([&] {
    const json value = decode(text);
    const std::string written = encode(value);
    THANE_ASSERT(encode(decode(written)) == written);
    try_to([&] { (void)unpack(value); });
    try_to([&] { (void)unpack_text(text); });
    try_to([&] { (void)unpack_reply(value); });
    try_to([&] { (void)remote_error_from(text); });
  });
  // It skips a mark of the byte order and ends at a NUL, which Python's reader does not; and nests
  // without limit.
  const bool comparable =
      size < 200 && !text.starts_with("\xef\xbb\xbf") && text.find('\0') == std::string_view::npos;
  if (comparable && json::accept(text)) (void)decode(text);
  return 0;
}
