// Answers 429 to clients that ask too often.
#pragma once

#include <cstddef>
#include <string>

#include <thane/wsgi/filter.hpp>
#include <thane/wsgi/settings.hpp>

namespace thane::wsgi {

struct RateLimitOptions {
  double rate = 10;   ///< Requests a second that each key may make for ever.
  double burst = 20;  ///< Requests that it may make at once, after a pause.
  /// The field whose value is the key, as "X-Auth-Token"; empty, and for a request without it: the
  /// client's address. Of IPv6 the first 64 bits count, as one client has all that begin so.
  std::string key_header = {};
  /// Keys that one worker remembers, a hundred octets or two each. When there are more, the one
  /// that has asked longest ago is forgotten, and starts with a whole burst when it comes again.
  std::size_t max_keys = 10000;
};

/// Lets each key have a bucket of `burst` tokens that fills at `rate` a second; a request takes
/// one. Who finds none is answered with 429 and Retry-After, in whole seconds, and takes nothing.
///
///     app = wsgi::rate_limit({.rate = 5, .burst = 50})(app);
///
/// Each worker counts what it has served itself: with N workers a client may get N times the rate,
/// as its connections are spread. What is counted is gone when a worker is replaced. Over a Unix
/// socket all clients are one, so name a header there; one that the client itself writes is no
/// limit, as it can write another. Throws std::invalid_argument for a rate that is not above 0,
/// a burst below 1, and max_keys of 0.
[[nodiscard]] Filter rate_limit(RateLimitOptions options = {});

/// A Paste factory: `rate`, `burst`, `key_header`, `max_keys`.
[[nodiscard]] Filter make_rate_limit(const Settings& global_conf, const Settings& local_conf);

}  // namespace thane::wsgi
