// Queues of messages and who takes from them, in the memory of one process.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../transport.hpp"

namespace thane::rpc::internal {

/// What a broker would be, for the drivers of one name. Used on one thread.
class FakeExchange {
 public:
  /// How many messages one queue keeps while nobody takes them; the oldest are dropped first.
  static constexpr std::size_t most_waiting = 10'000;

  /// Messages of `queue` go to its consumers in turns; those that wait already go to this one.
  void consume(const std::string& queue, Receiver& receiver);
  void cancel(const std::string& queue, Receiver& receiver) noexcept;

  /// False: nobody consumes from it, and the message waits.
  bool deliver(const std::string& queue, std::unique_ptr<Incoming> message);

  /// Copies of what is sent to `queue` go to `copy` as well.
  void bind(const std::string& queue, const std::string& copy);
  /// The queue itself and its copies.
  [[nodiscard]] std::vector<std::string> bound_to(const std::string& queue) const;
  [[nodiscard]] const std::vector<Receiver*>& consumers(const std::string& queue) const;

 private:
  struct Queue {
    std::vector<Receiver*> consumers;
    std::size_t next = 0;
    std::deque<std::unique_ptr<Incoming>> waiting;
    std::vector<std::string> copies;
  };
  std::map<std::string, Queue> queues_;
};

/// The exchange of that name, which lives as long as somebody has it.
[[nodiscard]] std::shared_ptr<FakeExchange> fake_exchange(const std::string& name);

}  // namespace thane::rpc::internal
