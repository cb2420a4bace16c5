#include "confirms.hpp"

#include <fmt/format.h>

#include <functional>
#include <utility>

namespace thane::rpc::amqp {

PublishId Confirms::add(std::string_view exchange, std::string_view routing_key,
                        std::string_view body, Mandatory mandatory) {
  Entry& entry = entries_.emplace_back();
  entry.mandatory = mandatory;
  if (mandatory == Mandatory::yes) entry.fingerprint = fingerprint(exchange, routing_key, body);
  ++open_;
  return first_ + entries_.size() - 1;
}

bool Confirms::note_return(std::string_view exchange, std::string_view routing_key,
                           std::string_view body, std::uint16_t code, std::string text) {
  const std::size_t wanted = fingerprint(exchange, routing_key, body);
  for (Entry& entry : entries_) {
    if (!entry.settled && entry.mandatory == Mandatory::yes && entry.return_code == 0 &&
        entry.fingerprint == wanted) {
      entry.return_code = code;
      entry.return_text = std::move(text);
      return true;
    }
  }
  return false;
}

std::vector<Settled> Confirms::settle(PublishId tag, Multiple multiple, Outcome outcome) {
  const PublishId last = first_ + entries_.size() - 1;
  if (tag > last || (tag == 0 && multiple == Multiple::no)) {
    throw protocol_error(ReplyCode::command_invalid,
                         fmt::format("an answer to publish {} of {}", tag, last));
  }
  std::vector<Settled> settled;
  if (multiple == Multiple::yes) {
    const PublishId end = tag == 0 ? last : tag;
    for (PublishId id = first_; id <= end; ++id) settle_one(id - first_, outcome, settled);
  } else if (tag >= first_) {
    settle_one(tag - first_, outcome, settled);
  }
  while (!entries_.empty() && entries_.front().settled) {
    entries_.pop_front();
    ++first_;
  }
  return settled;
}

void Confirms::settle_one(std::size_t index, Outcome outcome, std::vector<Settled>& to) {
  Entry& entry = entries_[index];
  if (entry.settled) return;
  entry.settled = true;
  --open_;
  Settled& settled = to.emplace_back();
  settled.publish = first_ + index;
  settled.outcome = outcome;
  if (outcome == Outcome::confirmed && entry.return_code != 0) {
    settled.outcome = Outcome::returned;
    settled.code = entry.return_code;
    settled.text = std::move(entry.return_text);
  }
}

std::size_t Confirms::fingerprint(std::string_view exchange, std::string_view routing_key,
                                  std::string_view body) noexcept {
  const std::hash<std::string_view> hash;
  return (hash(exchange) * 31 + hash(routing_key)) * 31 + hash(body);
}

}  // namespace thane::rpc::amqp
