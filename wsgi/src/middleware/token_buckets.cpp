#include "token_buckets.hpp"

#include <algorithm>
#include <chrono>

namespace thane::wsgi::internal {

using Seconds = std::chrono::duration<double>;

TokenBuckets::TokenBuckets(double rate, double burst, std::size_t most)
    : rate_(rate), burst_(burst), most_(most) {}

Duration TokenBuckets::take(std::string_view key, TimePoint now) {
  Bucket& bucket = bucket_of(key, now);
  const double gained = Seconds{now - bucket.filled}.count() * rate_;
  bucket.tokens = std::min(burst_, bucket.tokens + gained);
  bucket.filled = now;
  if (bucket.tokens >= 1) {
    bucket.tokens -= 1;
    return Duration::zero();
  }
  const Seconds missing{(1 - bucket.tokens) / rate_};
  // A day is as good as longer, and what does not fit a Duration is not converted.
  const auto wait = std::chrono::ceil<Duration>(std::min(missing, Seconds{std::chrono::days{1}}));
  return std::max(wait, Duration{1});
}

TokenBuckets::Bucket& TokenBuckets::bucket_of(std::string_view key, TimePoint now) {
  if (const auto known = places_.find(key); known != places_.end()) {
    buckets_.splice(buckets_.begin(), buckets_, known->second);
    return buckets_.front();
  }
  if (places_.size() >= most_) {
    places_.erase(buckets_.back().key);
    buckets_.pop_back();
  }
  buckets_.push_front({std::string{key}, burst_, now});
  places_.emplace(buckets_.front().key, buckets_.begin());
  return buckets_.front();
}

}  // namespace thane::wsgi::internal
