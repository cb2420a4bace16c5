// How often each of many may do something.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include <thane/clock.hpp>

namespace thane::wsgi::internal {

/// A bucket of tokens for each key, for the keys that asked last. No clock: the caller brings the
/// time, which never goes back.
class TokenBuckets {
 public:
  /// A bucket holds `burst` tokens and gets `rate` a second; there are at most `most` buckets.
  TokenBuckets(double rate, double burst, std::size_t most);
  TokenBuckets(const TokenBuckets&) = delete;
  TokenBuckets& operator=(const TokenBuckets&) = delete;

  /// Takes a token of that key. Zero: it had one. Else the time until it has.
  [[nodiscard]] Duration take(std::string_view key, TimePoint now);

  [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }

 private:
  struct Bucket {
    std::string key;
    double tokens;
    TimePoint filled;  // When it had so many.
  };
  using Buckets = std::list<Bucket>;

  Bucket& bucket_of(std::string_view key, TimePoint now);

  double rate_;
  double burst_;
  std::size_t most_;
  Buckets buckets_;  // The one that asked last comes first.
  std::unordered_map<std::string_view, Buckets::iterator> places_;  // By keys in buckets_.
};

}  // namespace thane::wsgi::internal
