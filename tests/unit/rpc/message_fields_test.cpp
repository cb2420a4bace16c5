// What is written and read as JSON text, beside the same by way of a JSON value.
#include "message_fields.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "json_text.hpp"

using namespace thane::rpc::internal;

namespace {

Outgoing outgoing() {
  return {.message = {{"method", "m\"\\"}, {"args", {{"a", 1}}}, {"version", "1.3"}},
          .context = {{"user_id", "u1"}, {"roles", {"admin", nullptr}}}};
}

TEST_CASE("a message has the same fields as text and as a value") {
  json cast = decode(pack_text(outgoing()));
  json expected = pack(outgoing());
  CHECK(cast.at("_unique_id").get<std::string>().size() == 32);
  CHECK(cast.at("_unique_id") != expected.at("_unique_id"));
  cast["_unique_id"] = expected.at("_unique_id");
  CHECK(cast == expected);
  using Timeout = std::optional<double>;
  for (const Timeout timeout : {Timeout{}, Timeout{4.0}, Timeout{2.5}}) {
    const ReplyAddress reply_to{
        .message_id = "id", .reply_queue = "reply_\"1", .monitor_timeout = timeout};
    json call = decode(pack_text(outgoing(), reply_to));
    add_way_back(expected, "id", "reply_\"1", timeout);
    call["_unique_id"] = expected.at("_unique_id");
    CHECK(encode(call) == encode(expected));
  }
}

TEST_CASE("a message is taken apart alike as text and as a value") {
  for (const char* text : {
           R"({"method": "m", "args": {"a": [1]}, "_msg_id": "1", "_reply_q": "q", "_timeout": 4,
               "_unique_id": "2", "_context_user_id": "u1", "_context_x": {"\u017e": 1}})",
           R"({"method": "m", "_msg_id": 1, "_unique_id": null, "_reply_q": [], "other": {}})",
           "{}"}) {
    const Unpacked from_text = unpack_text(text);
    const Unpacked from_value = unpack(decode(text));
    CHECK(from_text.message == from_value.message);
    CHECK(from_text.message.is_object());
    CHECK(from_text.context == from_value.context);
    CHECK(from_text.unique_id == from_value.unique_id);
    CHECK(from_text.message_id == from_value.message_id);
    CHECK(from_text.reply_queue == from_value.reply_queue);
    CHECK(from_text.monitor_timeout == from_value.monitor_timeout);
  }
  CHECK(unpack_text(R"({"_context_user_id": "u1"})").context == json{{"user_id", "u1"}});
  for (const char* bad : {"[]", "1", "", "{"}) {
    CHECK_THROWS_AS((void)unpack_text(bad), std::invalid_argument);
    CHECK_THROWS_AS((void)unpack_reply_text(bad), std::invalid_argument);
  }
}

TEST_CASE("an answer is taken apart alike as text and as a value, whatever it lacks") {
  const auto failure_of = [](const char* text) { return unpack_reply_text(text).reply.failure; };
  CHECK(failure_of(R"({"failure": "{\"class\": \"C\"}", "result": 1})") == R"({"class": "C"})");
  CHECK(failure_of(R"({"failure": {"class": "C"}})") == R"({"class": "C"})");
  for (const char* none : {R"({"failure": ""})", R"({"failure": null})", R"({"failure": 1})", "{}"})
    CHECK_FALSE(failure_of(none));
  for (const char* text :
       {R"({"result": {"x": 1}, "failure": null, "ending": true, "_msg_id": "1"})",
        R"({"result": null, "failure": "f", "ending": false, "_msg_id": 1, "more": [1]})",
        R"({"ending": 1})", "{}"}) {
    const UnpackedReply from_text = unpack_reply_text(text);
    const UnpackedReply from_value = unpack_reply(decode(text));
    CHECK(from_text.message_id == from_value.message_id);
    CHECK(from_text.ending == from_value.ending);
    CHECK(from_text.reply.result == from_value.reply.result);
    CHECK(from_text.reply.failure == from_value.reply.failure);
  }
  CHECK(unpack_reply_text(R"({"ending": true})").ending);
  CHECK_FALSE(unpack_reply_text(R"({"ending": 1})").ending);
}

}  // namespace
