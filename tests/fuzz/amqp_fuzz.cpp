// Any octets as those of a broker: the same events however they are cut, and an end with a reason.
#include <thane/assert.hpp>

#include <algorithm>
#include <string>
#include <string_view>

#include "amqp/connection.hpp"
#include "fuzz_target.hpp"
#include "support/broker_side.hpp"

namespace broker = thane::testing::broker;
using namespace thane::rpc::amqp;

namespace {

constexpr thane::TimePoint now{};

std::string handshake() {
  return broker::start() + broker::tune(4096) + broker::open_ok();
}

// What happened, in words that can be compared.
std::string note(const Event& event) {
  std::string text = std::to_string(event.index());
  if (const auto* const message = std::get_if<Delivered>(&event)) {
    text += message->routing_key + message->body;
  } else if (const auto* const settled = std::get_if<Settled>(&event)) {
    text += std::to_string(settled->publish) + settled->text;
  } else if (const auto* const closed = std::get_if<Closed>(&event)) {
    text += closed->text;
  }
  return text + "\n";
}

// The handshake is not part of the input, unless it is left out altogether.
std::string history(std::string_view before, std::string_view input, std::size_t piece) {
  Connection connection{{.max_message_size = 10000}, now};
  connection.receive(before, now);
  if (connection.is_open()) {
    const ChannelId channel = connection.open_channel();
    (void)connection.request(channel, SelectConfirms{});
    (void)connection.publish(channel, {"", "q", "body", {}, Mandatory::yes});
  }
  std::string all;
  bool closed = false;
  for (; !input.empty(); input.remove_prefix(std::min(piece, input.size()))) {
    connection.receive(input.substr(0, piece), now);
    while (const auto* event = connection.next_event()) {
      THANE_ASSERT(!closed);  // It is the last one.
      closed = std::holds_alternative<Closed>(*event);
      all += note(*event);
    }
    THANE_ASSERT(closed == connection.is_closed());
  }
  return all;
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  const std::string ready =
      broker::channel_open_ok(1) + broker::method(1, MethodId::confirm_select_ok);
  const Table arguments{{{"a", {Array{{{true}, {1.5}}}}}, {"b", {std::string{"text"}}}}};
  return {
      ready + broker::deliver(1, 1, "hello") + broker::deliver(1, 2, "world", 2),
      ready + broker::give_back(1, "", "q", "body") + broker::ack(1, 1, true),
      ready + broker::deliver_method(1, 1) + broker::content(1, "x", 1, {.headers = arguments}),
      ready + broker::close(1, 406, "PRECONDITION_FAILED") + broker::close(0, 320, "bye"),
      broker::heartbeat() + ready + broker::close(0, 541, ""),
      handshake() + broker::heartbeat(),
  };
}

std::string fuzz_alphabet() {
  return {"\0\1\2\3\x08\x0a\x14\x3c\x55\x28\xceSFAIl", 17};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  for (const std::string& before : {std::string{}, handshake()}) {
    const std::string whole = history(before, input, std::string_view::npos);
    THANE_ASSERT(whole == history(before, input, 1));
    THANE_ASSERT(whole == history(before, input, 7));
  }
  return 0;
}
