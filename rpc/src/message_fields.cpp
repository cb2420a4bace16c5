#include "message_fields.hpp"

#include <array>
#include <optional>
#include <random>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <thane/internal/fork_count.hpp>

#include "json_text.hpp"

namespace thane::rpc::internal {

namespace {

constexpr std::string_view context_prefix = "_context_";
constexpr std::size_t usual_reply = 256;
constexpr std::size_t usual_message = 512;

// Ids have to differ, in all processes of a fork too. Nothing depends on that nobody can guess
// them.
class IdSource {
 public:
  std::array<unsigned char, 16> next() {
    if (const unsigned now = thane::internal::fork_count(); seeded_at_ != now) {
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

void require_object(const json& payload) {
  if (!payload.is_object()) {
    throw std::invalid_argument(std::string{"a message that is no object but "} +
                                payload.type_name());
  }
}

// A member's value that has been read already.
class ReadValue {
 public:
  explicit ReadValue(json& value) : value_(value) {}
  json take() { return std::move(value_); }
  std::optional<std::string> take_text() {
    if (!value_.is_string()) return std::nullopt;
    return std::move(value_.get_ref<std::string&>());
  }

 private:
  json& value_;
};

template <class Value>
std::string text_of(Value& value) {
  return value.take_text().value_or(std::string{});
}

// One member of a payload, whose value is a ReadValue or a MemberValue.
template <class Value>
void add(Unpacked& to, std::string_view name, Value& value) {
  if (name.starts_with(context_prefix)) {
    to.context[std::string{name.substr(context_prefix.size())}] = value.take();
  } else if (name == "_unique_id") {
    to.unique_id = text_of(value);
  } else if (name == "_msg_id") {
    to.message_id = text_of(value);
  } else if (name == "_reply_q") {
    to.reply_queue = text_of(value);
  } else if (name == "_timeout") {
    to.monitor_timeout = value.take();
  } else {
    to.message[std::string{name}] = value.take();
  }
}

template <class Value>
void add(UnpackedReply& to, std::string_view name, Value& value) {
  if (name == "_msg_id") {
    to.message_id = text_of(value);
  } else if (name == "ending") {
    to.ending = value.take() == true;
  } else if (name == "result") {
    to.reply.result = value.take();
  } else if (name == "failure") {
    json failure = value.take();
    to.reply.failure.reset();
    if (failure.is_object()) {
      to.reply.failure = encode(failure);  // Not encoded twice: accepted all the same.
    } else if (failure.is_string() && failure != "") {
      to.reply.failure = std::move(failure.get_ref<std::string&>());
    }
  }
}

// The members of `payload`, each of which add() is given.
template <class Into>
Into taken_apart(json& payload) {
  require_object(payload);
  Into all;
  for (auto& [name, value] : payload.get_ref<json::object_t&>()) {
    ReadValue read{value};
    add(all, name, read);
  }
  return all;
}

template <class Into>
Into taken_apart(std::string_view payload) {
  Into all;
  const bool is_object = decode_members(
      payload, [&](std::string_view name, MemberValue& value) { add(all, name, value); });
  if (!is_object) require_object(decode(payload));
  return all;
}

// Python's int is written without a fraction.
json timeout_value(const std::optional<double>& seconds) {
  if (!seconds) return nullptr;
  const auto whole = static_cast<std::int64_t>(*seconds);
  if (static_cast<double>(whole) == *seconds) return whole;
  return *seconds;
}

// One that others follow.
void add_member(std::string& text, std::string_view prefix, std::string_view name,
                const json& value) {
  encode_text_to(text, prefix.empty() ? name : std::string{prefix}.append(name));
  text += ": ";
  encode_to(text, value);
  text += ", ";
}

std::string reply_text(std::string_view message_id, const Reply& reply, std::string_view ending) {
  const auto* const result = reply.result.get_ptr<const std::string*>();
  std::string text = R"({"result": )";
  text.reserve(usual_reply + (result == nullptr ? 0 : result->size()));
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

}  // namespace

std::string new_id() {
  thread_local IdSource source;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(32, '0');
  char* to = text.data();
  for (const unsigned char octet : source.next()) {
    *to++ = digits[octet >> 4];
    *to++ = digits[octet & 0x0f];
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
  payload["_timeout"] = timeout_value(monitor_timeout);
}

std::string pack_text(const Outgoing& outgoing, const std::optional<ReplyAddress>& reply_to) {
  std::string text = "{";
  text.reserve(usual_message);
  for (const auto& [name, value] : outgoing.message.get_ref<const json::object_t&>()) {
    add_member(text, {}, name, value);
  }
  for (const auto& [name, value] : outgoing.context.get_ref<const json::object_t&>()) {
    add_member(text, context_prefix, name, value);
  }
  if (reply_to) {
    text += R"("_msg_id": )";
    encode_text_to(text, reply_to->message_id);
    text += R"(, "_reply_q": )";
    encode_text_to(text, reply_to->reply_queue);
    text += R"(, )";
    add_member(text, {}, "_timeout", timeout_value(reply_to->monitor_timeout));
  }
  text.append(R"("_unique_id": ")").append(new_id()).append("\"}");
  return text;
}

std::string pack_reply(const std::string& message_id, const Reply& reply) {
  return reply_text(message_id, reply, "true");
}

std::string pack_heartbeat(const std::string& message_id) {
  return reply_text(message_id, {}, "false");
}

void Unpacked::move_to(Incoming& incoming) {
  incoming.message = std::move(message);
  if (!context.is_null()) incoming.context = Context{std::move(context)};
  incoming.unique_id = std::move(unique_id);
  incoming.message_id = std::move(message_id);
  incoming.monitor_timeout = std::move(monitor_timeout);
}

Unpacked unpack(json payload) {
  return taken_apart<Unpacked>(payload);
}

Unpacked unpack_text(std::string_view payload) {
  return taken_apart<Unpacked>(payload);
}

UnpackedReply unpack_reply(json payload) {
  return taken_apart<UnpackedReply>(payload);
}

UnpackedReply unpack_reply_text(std::string_view payload) {
  return taken_apart<UnpackedReply>(payload);
}

}  // namespace thane::rpc::internal
