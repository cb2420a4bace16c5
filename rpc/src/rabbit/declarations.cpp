#include "declarations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace thane::rpc::internal::rabbit {

namespace {

using amqp::BindQueue;
using amqp::DeclareExchange;
using amqp::DeclareQueue;

bool has_code(const amqp::ChannelClosed& event, amqp::ReplyCode code) {
  return event.by == amqp::ClosedBy::peer && event.code == static_cast<std::uint16_t>(code);
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// What stands between the first pair of quotes behind `words`; empty if they are not there.
std::string_view quoted_after(std::string_view text, std::string_view words) {
  const auto at = text.find(words);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + words.size());
  const auto begin = text.find('\'');
  if (begin == std::string_view::npos) return {};
  text.remove_prefix(begin + 1);
  return text.substr(0, text.find('\''));
}

// Quorum queues and streams are durable or are not at all.
bool may_be_transient(const DeclareQueue& queue) {
  return queue.durable && queue.arguments.find("x-queue-type") == nullptr;
}

// The argument of a declaration, and the option that decides on it.
struct Cause {
  std::string_view argument;
  std::string_view options;
};
constexpr std::array<Cause, 8> causes{{
    {"durable", "amqp_durable_queues or rabbit_quorum_queue"},
    {"auto_delete", "amqp_auto_delete"},
    {"x-queue-type", "rabbit_quorum_queue, rabbit_transient_quorum_queue or rabbit_stream_fanout"},
    {"x-expires", "rabbit_transient_queues_ttl"},
    {"x-max-age", "rabbit_transient_queues_ttl"},
    {"x-ha-policy", "rabbit_ha_queues"},
    {"x-delivery-limit", "rabbit_quorum_delivery_limit"},
    {"x-max-in-memory", "rabbit_quorum_max_memory_length or rabbit_quorum_max_memory_bytes"},
}};

}  // namespace

bool Concessions::learn(const amqp::ChannelClosed& refusal,
                        const std::vector<amqp::Request>& declares) {
  if (!has_code(refusal, amqp::ReplyCode::precondition_failed) ||
      !contains(refusal.text, "inequivalent arg 'durable'") ||
      !contains(refusal.text, "received 'true'")) {
    return false;
  }
  const auto exchange = quoted_after(refusal.text, " for exchange ");
  const auto queue = quoted_after(refusal.text, " for queue ");
  const std::vector<amqp::Request> sent = apply(declares);
  return std::ranges::any_of(sent, [&](const amqp::Request& request) {
    if (const auto* const wanted = std::get_if<DeclareExchange>(&request)) {
      return wanted->durable && wanted->name == exchange && exchanges_.emplace(exchange).second;
    }
    const auto* const wanted = std::get_if<DeclareQueue>(&request);
    return wanted != nullptr && wanted->name == queue && may_be_transient(*wanted) &&
           queues_.emplace(queue).second;
  });
}

std::vector<amqp::Request> Concessions::apply(std::vector<amqp::Request> declares) const {
  if (exchanges_.empty() && queues_.empty()) return declares;
  std::set<std::string, std::less<>> transient = queues_;
  for (const amqp::Request& request : declares) {
    const auto* const bind = std::get_if<BindQueue>(&request);
    if (bind != nullptr && exchanges_.contains(bind->exchange)) transient.insert(bind->queue);
  }
  for (amqp::Request& request : declares) {
    if (auto* const exchange = std::get_if<DeclareExchange>(&request)) {
      exchange->durable = exchange->durable && !exchanges_.contains(exchange->name);
    } else if (auto* const queue = std::get_if<DeclareQueue>(&request)) {
      if (may_be_transient(*queue)) queue->durable = !transient.contains(queue->name);
    }
  }
  return declares;
}

std::string unreachable_queue(const amqp::ChannelClosed& refusal,
                              const std::vector<std::string>& queues) {
  const std::string_view text = refusal.text;
  // "no queue" is one that has gone: nothing is in the way of declaring it.
  if (!has_code(refusal, amqp::ReplyCode::not_found) || contains(text, "no queue '")) return {};
  const auto found = std::ranges::find_if(
      queues, [&](const std::string& queue) { return contains(text, "queue '" + queue + "'"); });
  return found == queues.end() ? std::string{} : *found;
}

bool is_about_acknowledgement(const amqp::ChannelClosed& refusal) {
  return has_code(refusal, amqp::ReplyCode::precondition_failed) &&
         (contains(refusal.text, "unknown delivery tag") ||
          contains(refusal.text, "delivery acknowledgement on channel"));
}

std::string explain(const amqp::ChannelClosed& refusal) {
  std::string text = fmt::format("{} {}", refusal.code, refusal.text);
  if (!has_code(refusal, amqp::ReplyCode::precondition_failed)) return text;
  const auto argument = quoted_after(refusal.text, "inequivalent arg ");
  if (argument.empty()) return text;
  const auto* const cause = std::ranges::find_if(
      causes, [&](const Cause& each) { return argument.starts_with(each.argument); });
  if (cause == causes.end()) return text + " (somebody else has declared it otherwise)";
  return text + fmt::format(" (somebody else has declared it with another {})", cause->options);
}

}  // namespace thane::rpc::internal::rabbit
