#include "message_fields.hpp"

#include <pthread.h>

#include <array>
#include <atomic>
#include <optional>
#include <random>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "json_text.hpp"

namespace thane::rpc::internal {

namespace {

constexpr std::string_view context_prefix = "_context_";
constexpr std::size_t usual_reply = 256;

// How often this process and those it comes from have forked; to ask for the process's id would be
// a system call for each message.
std::atomic<unsigned> forks{0};

[[maybe_unused]] const int counting_forks =
    ::pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });

// Ids have to differ, in all processes of a fork too. Nothing depends on that nobody can guess
// them.
class IdSource {
 public:
  std::array<unsigned char, 16> next() {
    if (const unsigned now = forks.load(std::memory_order_relaxed); seeded_at_ != now) {
      seeded_at_ = now;
      std::random_device device;
      std::seed_seq seed{device(), device(), device(), device(), device(), device()};
      generator_.seed(seed);
    }
    std::array<unsigned char, 16> octets{};
    for (std::size_t half = 0; half < 2; ++half) {
      std::uint64_t bits = generator_();
      for (std::size_t index = 0; index < 8; ++index, bits >>= 8) {
        octets[half * 8 + index] = static_cast<unsigned char>(bits & 0xff);
      }
    }
    octets[6] = static_cast<unsigned char>((octets[6] & 0x0f) | 0x40);  // Version 4,
    octets[8] = static_cast<unsigned char>((octets[8] & 0x3f) | 0x80);  // variant of RFC 4122.
    return octets;
  }

 private:
  std::optional<unsigned> seeded_at_;
  std::mt19937_64 generator_;
};

std::string text_of(json value) {
  return value.is_string() ? std::move(value.get_ref<std::string&>()) : std::string{};
}

json take(json& payload, const char* key) {
  const auto found = payload.find(key);
  if (found == payload.end()) return {};
  json value = std::move(*found);
  payload.erase(found);
  return value;
}

std::string reply_text(std::string_view message_id, const Reply& reply, std::string_view ending) {
  std::string text = R"({"result": )";
  text.reserve(usual_reply);
  if (reply.failure) {
    text += R"(null, "failure": )";
    encode_text_to(text, *reply.failure);
  } else {
    encode_to(text, reply.result);
    text += R"(, "failure": null)";
  }
  text.append(R"(, "ending": )").append(ending).append(R"(, "_msg_id": )");
  encode_text_to(text, message_id);
  text.append(R"(, "_unique_id": ")").append(new_id()).append("\"}");
  return text;
}

void require_object(const json& payload) {
  if (!payload.is_object()) {
    throw std::invalid_argument(std::string{"a message that is no object but "} +
                                payload.type_name());
  }
}

}  // namespace

std::string new_id() {
  thread_local IdSource source;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(32);
  for (const unsigned char octet : source.next()) {
    text += digits[octet >> 4];
    text += digits[octet & 0x0f];
  }
  return text;
}

std::string new_uuid() {
  std::string text = new_id();
  for (const std::size_t position : {20U, 16U, 12U, 8U}) text.insert(position, 1, '-');
  return text;
}

json pack(Outgoing outgoing) {
  json payload = std::move(outgoing.message);
  for (auto& [name, value] : outgoing.context.items()) {
    payload[std::string{context_prefix} + name] = std::move(value);
  }
  payload["_unique_id"] = new_id();
  return payload;
}

void add_way_back(json& payload, const std::string& message_id, const std::string& reply_queue,
                  const std::optional<double>& monitor_timeout) {
  payload["_msg_id"] = message_id;
  payload["_reply_q"] = reply_queue;
  json& timeout = payload["_timeout"];
  if (!monitor_timeout) return;
  // Python's int is written without a fraction.
  const auto whole = static_cast<std::int64_t>(*monitor_timeout);
  if (static_cast<double>(whole) == *monitor_timeout) {
    timeout = whole;
  } else {
    timeout = *monitor_timeout;
  }
}

std::string pack_reply(const std::string& message_id, const Reply& reply) {
  return reply_text(message_id, reply, "true");
}

std::string pack_heartbeat(const std::string& message_id) {
  return reply_text(message_id, {}, "false");
}

void Unpacked::move_to(Incoming& incoming) {
  incoming.message = std::move(message);
  incoming.context = std::move(context);
  incoming.unique_id = std::move(unique_id);
  incoming.message_id = std::move(message_id);
  incoming.monitor_timeout = std::move(monitor_timeout);
}

void Unpacked::add(std::string name, json value) {
  if (name.starts_with(context_prefix)) {
    context[name.substr(context_prefix.size())] = std::move(value);
  } else if (name == "_unique_id") {
    unique_id = text_of(std::move(value));
  } else if (name == "_msg_id") {
    message_id = text_of(std::move(value));
  } else if (name == "_reply_q") {
    reply_queue = text_of(std::move(value));
  } else if (name == "_timeout") {
    monitor_timeout = std::move(value);
  } else {
    message[std::move(name)] = std::move(value);
  }
}

Unpacked unpack(json payload) {
  require_object(payload);
  Unpacked unpacked;
  for (auto& [name, value] : payload.items()) unpacked.add(name, std::move(value));
  return unpacked;
}

Unpacked unpack_text(std::string_view payload) {
  Unpacked unpacked;
  const bool is_object = decode_members(payload, [&](std::string name, json value) {
    unpacked.add(std::move(name), std::move(value));
  });
  if (!is_object) require_object(decode(payload));
  return unpacked;
}

UnpackedReply unpack_reply(json payload) {
  require_object(payload);
  UnpackedReply unpacked;
  unpacked.message_id = text_of(take(payload, "_msg_id"));
  const json ending = take(payload, "ending");
  unpacked.ending = ending.is_boolean() && ending.get<bool>();
  unpacked.reply.result = take(payload, "result");
  json failure = take(payload, "failure");
  if (failure.is_string() && !failure.get_ref<std::string&>().empty()) {
    unpacked.reply.failure = std::move(failure.get_ref<std::string&>());
  } else if (failure.is_object()) {
    unpacked.reply.failure = encode(failure);  // Not encoded twice: accepted all the same.
  }
  return unpacked;
}

}  // namespace thane::rpc::internal
