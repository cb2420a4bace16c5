#include "reply_sender.hpp"

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <thane/log.hpp>

#include "clock.hpp"

namespace thane::rpc::internal::rabbit {

namespace {

using namespace std::chrono_literals;

// As oslo.messaging has them.
constexpr Duration retry_interval = 250ms;
constexpr Duration remember_missing = 60s;
constexpr std::size_t most_missing = 200;

// A server that is stopped does not wait longer than that for a caller that may be dead.
constexpr Duration patience_at_close = 2s;

}  // namespace

struct ReplySender::Answer : Publish, std::enable_shared_from_this<Answer> {
  explicit Answer(Sender& its_sender) : sender(its_sender), holder(sender.answers.try_hold()) {}

  Sender& sender;
  Gate::Holder holder;
  std::optional<TimePoint> first_returned{};
};

void ReplySender::send(const std::string& queue, std::string body, Sender& sender) noexcept {
  try {
    if (is_missing(queue)) {
      log::debug("rabbit: an answer to {} was dropped: the queue is missing", queue);
      return;
    }
    const auto answer = std::make_shared<Answer>(sender);
    answer->route.routing_key = queue;
    answer->content = encode_body(std::move(body), options_.kombu_compression);
    answer->mandatory = options_.direct_mandatory_flag ? amqp::Mandatory::yes : amqp::Mandatory::no;
    give(*answer);
  } catch (const std::exception& error) {
    log::error("rabbit: an answer to {} cannot be sent: {}", queue, error.what());
  }
}

void ReplySender::give(Answer& answer) {
  answer.done = [this, &answer](const Delivery& delivery) { settled(answer, delivery); };
  if (answer.first_returned) {
    publisher_.send_later(answer.shared_from_this(), now() + retry_interval);
  } else {
    publisher_.send(answer.shared_from_this());
  }
}

void ReplySender::settled(Answer& answer, const Delivery& delivery) {
  const std::string& queue = answer.route.routing_key;
  if (delivery.fate == Delivery::Fate::failed) {
    log::error("rabbit: an answer to {} was lost: {}", queue, delivery.text);
  }
  if (delivery.fate != Delivery::Fate::returned) return;
  if (!answer.first_returned) answer.first_returned = now();
  const Duration waited = now() - *answer.first_returned;
  const bool closing = answer.sender.closing && waited >= patience_at_close;
  if (!closing && waited < options_.kombu_missing_consumer_retry_timeout && !is_missing(queue)) {
    give(answer);
    return;
  }
  log::warning("rabbit: an answer was dropped: there is no queue {}", queue);
  if (!is_missing(queue)) missing_.emplace_back(now() + remember_missing, queue);
  if (missing_.size() > most_missing) missing_.pop_front();
}

bool ReplySender::is_missing(const std::string& queue) {
  while (!missing_.empty() && missing_.front().first <= now()) missing_.pop_front();
  return std::ranges::any_of(missing_, [&](const auto& each) { return each.second == queue; });
}

}  // namespace thane::rpc::internal::rabbit
