#include <thane/retry_decorator.hpp>

#include <exception>

#include <thane/fiber.hpp>
#include <thane/log.hpp>

#include <thane/internal/describe_exception.hpp>
#include "loop_delays.hpp"

namespace thane::internal {

void Retries::record_failure() {
  if (options_.max_retry_count >= 0 && failures_ >= options_.max_retry_count) {
    log::debug(
        "Cannot retry {} upon suggested exception since retry count ({}) reached max retry "
        "count ({})",
        options_.name, failures_, options_.max_retry_count);
    throw;
  }
  ++failures_;
  log::debug("{} failed and is retried: {}", options_.name, describe(std::current_exception()));
}

void Retries::sleep() const {
  this_fiber::sleep_for(retry_sleep(failures_, options_.inc_sleep_time, options_.max_sleep_time));
}

}  // namespace thane::internal
