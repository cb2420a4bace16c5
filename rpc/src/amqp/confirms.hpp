// Which publishes of a channel the broker has not answered for yet.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "events.hpp"

namespace thane::rpc::amqp {

enum class Mandatory { no, yes };
enum class Multiple { no, yes };

/// Publishes are numbered as they go; answers come for one or for all up to one, in any order. A
/// returned message is followed by its answer, but does not say its number: it is found by what it
/// consists of.
class Confirms {
 public:
  /// The number of the message that is sent now.
  PublishId add(std::string_view exchange, std::string_view routing_key, std::string_view body,
                Mandatory mandatory);

  /// Notes for the answer to come that it was returned; false if no such message is waited for.
  [[nodiscard]] bool note_return(std::string_view exchange, std::string_view routing_key,
                                 std::string_view body, std::uint16_t code, std::string text);

  /// What is settled by Basic.Ack or Basic.Nack, oldest first. Tag 0 with `multiple` is all there
  /// are. Throws protocol_error 503 for a number that was never given.
  [[nodiscard]] std::vector<Settled> settle(PublishId tag, Multiple multiple, Outcome outcome);

  [[nodiscard]] std::size_t open() const noexcept { return open_; }

 private:
  struct Entry {
    bool settled = false;
    Mandatory mandatory = Mandatory::no;
    std::uint16_t return_code = 0;
    std::size_t fingerprint = 0;
    std::string return_text = {};
  };
  static std::size_t fingerprint(std::string_view exchange, std::string_view routing_key,
                                 std::string_view body) noexcept;
  void settle_one(std::size_t index, Outcome outcome, std::vector<Settled>& to);

  std::deque<Entry> entries_;  // Of publishes first_, first_ + 1, ...
  PublishId first_ = 1;
  std::size_t open_ = 0;
};

}  // namespace thane::rpc::amqp
