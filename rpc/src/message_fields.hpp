// What drivers add to a message and take off again: ids, the way back, the context's prefix.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "transport.hpp"

namespace thane::rpc::internal {

/// A new id: 32 hexadecimal digits of a random UUID, as Python's uuid4().hex.
[[nodiscard]] std::string new_id();
/// The same with dashes, for notifications.
[[nodiscard]] std::string new_uuid();

/// The payload of a cast or a notification: the message, `_unique_id` and `_context_...`.
[[nodiscard]] json pack(Outgoing outgoing);

/// Makes of a packed payload that of a call: adds _msg_id, _reply_q and _timeout.
void add_way_back(json& payload, const std::string& message_id, const std::string& reply_queue,
                  const std::optional<double>& monitor_timeout);

/// Both as JSON text; without a way back it is a cast or a notification.
struct ReplyAddress {
  std::string_view message_id;
  std::string_view reply_queue;
  std::optional<double> monitor_timeout{};
};
[[nodiscard]] std::string pack_text(const Outgoing& outgoing,
                                    const std::optional<ReplyAddress>& reply_to = {});

/// The payload of an answer, as JSON text: result, failure, ending, _msg_id, _unique_id.
[[nodiscard]] std::string pack_reply(const std::string& message_id, const Reply& reply);
/// That of a sign of life.
[[nodiscard]] std::string pack_heartbeat(const std::string& message_id);

/// A payload taken apart.
struct Unpacked {
  json message = json::object();
  json context{};  ///< An object, or null if there is none.
  std::string unique_id{};
  std::string message_id{};
  std::string reply_queue{};
  json monitor_timeout{};

  /// Moves what an Incoming has of it there.
  void move_to(Incoming& incoming);
};
/// Throws std::invalid_argument if it is no object: such a message is dropped.
[[nodiscard]] Unpacked unpack(json payload);
/// The same for JSON text. Also throws it for what is no JSON.
[[nodiscard]] Unpacked unpack_text(std::string_view payload);

/// An answer or sign of life taken apart, as tolerant as Python: `failure` and `ending` may be
/// missing here.
struct UnpackedReply {  // NOLINT(bugprone-exception-escape)
  std::string message_id{};
  Reply reply{};
  bool ending = false;
};
/// Throws std::invalid_argument if it is no object, or no JSON.
[[nodiscard]] UnpackedReply unpack_reply(json payload);
[[nodiscard]] UnpackedReply unpack_reply_text(std::string_view payload);

}  // namespace thane::rpc::internal
