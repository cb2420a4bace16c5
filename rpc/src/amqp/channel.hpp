// One channel of a connection: requests in their order, messages, confirms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "confirms.hpp"
#include "content.hpp"
#include "events.hpp"
#include "requests.hpp"
#include "wire.hpp"

namespace thane::rpc::amqp {

/// Events in their order. Keeps its memory, but for that of a burst.
class EventQueue {
 public:
  template <class What>
  void push(What&& event) {
    came_.emplace_back(std::forward<What>(event));
  }
  /// The next one, which is there until the next call; null: none. What is pushed meanwhile comes
  /// after it.
  [[nodiscard]] Event* next() {
    if (next_ == taken_.size()) {
      if (next_ > most_kept) taken_ = std::vector<Event>{};
      taken_.clear();
      next_ = 0;
      taken_.swap(came_);
    }
    return next_ == taken_.size() ? nullptr : &taken_[next_++];
  }

 private:
  static constexpr std::size_t most_kept = 128;

  std::vector<Event> came_;
  std::vector<Event> taken_;
  std::size_t next_ = 0;  // Of those that were taken.
};

/// Where a channel and its connection leave what they decide.
struct Outcomes {
  std::string output;
  EventQueue events;
};

struct Message {
  std::string_view exchange;
  std::string_view routing_key;
  std::string_view body;
  const Properties& properties;
  Mandatory mandatory = Mandatory::no;
};

class Channel {
 public:
  Channel(ChannelId id, std::size_t max_message_size, Outcomes& to);

  /// All of them throw std::invalid_argument for names that are too long, and have sent nothing
  /// then.
  void request(RequestId id, const Request& request);
  /// 0 on a channel that was not asked to confirm.
  PublishId publish(const Message& message, std::uint32_t frame_max);
  void ack(std::uint64_t delivery_tag, Multiple multiple);
  enum class Requeue { no, yes };
  void reject(std::uint64_t delivery_tag, Requeue requeue);
  void close();

  /// A frame for this channel. Throws protocol_error. After it, gone() may be true.
  void receive_method(MethodId id, Reader& from);
  void receive_header(std::string_view payload);
  void receive_body(std::string_view payload);

  [[nodiscard]] bool closing() const noexcept { return closing_; }
  [[nodiscard]] bool gone() const noexcept { return gone_; }
  /// False between two Channel.Flow of the broker.
  [[nodiscard]] bool flowing() const noexcept { return flowing_; }
  [[nodiscard]] std::size_t unconfirmed() const noexcept { return confirms_.open(); }

 private:
  struct Pending {
    RequestId id;
    MethodId answer;
    bool confirms = false;
  };

  void answered(MethodId id, Reader& from);
  void closed_by_peer(Reader& from);
  void begin_delivery(Reader& from);
  void begin_return(Reader& from);
  void cancelled(Reader& from);
  void settle(Reader& from, Outcome outcome);
  void finish(ContentAssembler::Message& message);

  ChannelId id_;
  Outcomes& to_;
  ContentAssembler content_;
  Confirms confirms_;
  std::deque<Pending> pending_;
  bool confirming_ = false;
  bool closing_ = false;
  bool gone_ = false;
  bool flowing_ = true;
};

}  // namespace thane::rpc::amqp
