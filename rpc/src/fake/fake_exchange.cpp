#include "fake_exchange.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include <thane/log.hpp>

namespace thane::rpc::internal {

void FakeExchange::consume(const std::string& queue, Receiver& receiver) {
  Queue& its = queues_[queue];
  its.consumers.push_back(&receiver);
  auto waiting = std::exchange(its.waiting, {});
  for (auto& message : waiting) receiver.receive(std::move(message));
}

void FakeExchange::cancel(const std::string& queue, Receiver& receiver) noexcept {
  const auto found = queues_.find(queue);
  if (found != queues_.end()) std::erase(found->second.consumers, &receiver);
}

bool FakeExchange::deliver(const std::string& queue, std::unique_ptr<Incoming> message) {
  Queue& its = queues_[queue];
  if (!its.consumers.empty()) {
    its.next = (its.next + 1) % its.consumers.size();
    its.consumers[its.next]->receive(std::move(message));
    return true;
  }
  if (its.waiting.size() == most_waiting) {
    log::warning("fake:// drops a message: {} wait in {}", most_waiting, queue);
    its.waiting.pop_front();
  }
  its.waiting.push_back(std::move(message));
  return false;
}

void FakeExchange::bind(const std::string& queue, const std::string& copy) {
  auto& copies = queues_[queue].copies;
  if (std::ranges::find(copies, copy) == copies.end()) copies.push_back(copy);
}

std::vector<std::string> FakeExchange::bound_to(const std::string& queue) const {
  std::vector<std::string> all{queue};
  const auto found = queues_.find(queue);
  if (found == queues_.end()) return all;
  const Queue& its = found->second;
  all.insert(all.end(), its.copies.begin(), its.copies.end());
  // Where there are pools alone, nothing is kept for a listener that has none.
  if (!its.copies.empty() && its.consumers.empty()) all.erase(all.begin());
  return all;
}

const std::vector<Receiver*>& FakeExchange::consumers(const std::string& queue) const {
  static const std::vector<Receiver*> none;
  const auto found = queues_.find(queue);
  return found == queues_.end() ? none : found->second.consumers;
}

// The one registry of the process that rpc has: fake:// means that whoever names the same exchange
// meets there, as in oslo.messaging, also by Transports that were made apart.
std::shared_ptr<FakeExchange> fake_exchange(const std::string& name) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<FakeExchange>> exchanges;
  const std::scoped_lock lock{mutex};
  std::weak_ptr<FakeExchange>& known = exchanges[name];
  auto exchange = known.lock();
  if (!exchange) known = exchange = std::make_shared<FakeExchange>();
  return exchange;
}

}  // namespace thane::rpc::internal
