#include <thane/wsgi/middleware/rate_limit.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>
#include <string>

#include "answered.hpp"
#include "middleware/token_buckets.hpp"

using namespace std::chrono_literals;
using namespace thane;
using wsgi::Request;
using wsgi::Response;
using wsgi::internal::TokenBuckets;

namespace {

const TimePoint start = TimePoint{} + 1h;
constexpr Duration at_once = Duration::zero();

TEST_CASE("a burst is there at once, and then so many a second") {
  TokenBuckets buckets{2, 3, 10};
  for (int i = 0; i < 3; ++i) CHECK(buckets.take("a", start) == at_once);
  CHECK(buckets.take("a", start) == 500ms);
  CHECK(buckets.take("a", start + 400ms) == 100ms);  // What was refused has taken nothing.
  CHECK(buckets.take("a", start + 500ms) == at_once);
  CHECK(buckets.take("a", start + 500ms) == 500ms);
  CHECK(buckets.take("b", start + 500ms) == at_once);
}

TEST_CASE("a pause is worth a burst, and no more than that") {
  TokenBuckets buckets{2, 3, 10};
  for (int i = 0; i < 3; ++i) CHECK(buckets.take("a", start) == at_once);
  for (int i = 0; i < 3; ++i) CHECK(buckets.take("a", start + 24h) == at_once);
  CHECK(buckets.take("a", start + 24h) > at_once);
  TokenBuckets slow{1e-12, 1, 10};
  CHECK(slow.take("a", start) == at_once);
  CHECK(slow.take("a", start) == 24h);
}

TEST_CASE("who has asked longest ago is forgotten first") {
  TokenBuckets buckets{0.001, 1, 2};
  CHECK(buckets.take("a", start) == at_once);
  CHECK(buckets.take("b", start) == at_once);
  CHECK(buckets.take("a", start) > at_once);
  CHECK(buckets.take("c", start) == at_once);
  CHECK(buckets.size() == 2);
  CHECK(buckets.take("a", start) > at_once);
  CHECK(buckets.take("b", start) == at_once);
}

/// Status of one request after another through one filter.
struct Asked {
  wsgi::Application application;

  explicit Asked(wsgi::RateLimitOptions options)
      : application(wsgi::rate_limit(std::move(options))(
            [](Request&) { return Response::text("served"); })) {}

  [[nodiscard]] int status(std::string_view fields = "") const {
    return testing::answer_of(application, "GET", "/", fields).status();
  }
};

TEST_CASE("who asks too often is told when to come again") {
  const Asked asked{{.rate = 0.01, .burst = 2}};
  CHECK(asked.status() == 200);
  CHECK(asked.status() == 200);
  const auto refused = testing::answer_of(asked.application, "GET", "/");
  CHECK(refused.status() == 429);
  CHECK(refused.header("Retry-After") == "100");
}

TEST_CASE("a field may be the key, as long as it likes") {
  const Asked asked{{.rate = 0.01, .burst = 1, .key_header = "X-Token"}};
  const std::string long_token(5000, 't');
  CHECK(asked.status("X-Token: a\r\n") == 200);
  CHECK(asked.status("x-token: a\r\n") == 429);
  CHECK(asked.status("X-Token: b\r\n") == 200);
  CHECK(asked.status("X-Token: " + long_token + "\r\n") == 200);
  CHECK(asked.status("X-Token: " + long_token + "\r\n") == 429);
  CHECK(asked.status("X-Token: " + long_token + "u\r\n") == 200);
  CHECK(asked.status() == 200);  // By its address.
  CHECK(asked.status() == 429);
  CHECK(asked.status("X-Token: 4192.0.2.1\r\n") == 200);
}

TEST_CASE("of an IPv6 address the network is the key") {
  const auto application =
      wsgi::rate_limit({.rate = 0.01, .burst = 1})([](Request&) { return Response{}; });
  const auto status = [&application](std::string_view peer) {
    return testing::answer_from(application, peer).status();
  };
  CHECK(status("2001:db8::1") == 200);
  CHECK(status("2001:db8:0:0:ffff::2") == 429);
  CHECK(status("2001:db8:0:1::1") == 200);
  CHECK(status("192.0.2.1") == 200);
  CHECK(status("192.0.2.2") == 200);
  CHECK(status("") == 200);
  CHECK(status("::ffff:192.0.2.1") == 429);  // As a proxy with one socket for both writes it.
  CHECK(status("::ffff:192.0.2.3") == 200);
}

TEST_CASE("what makes no sense is an error when the filter is made") {
  const auto make = [](const wsgi::Settings& settings) {
    (void)wsgi::make_rate_limit({}, settings);
  };
  CHECK_NOTHROW(make({{"rate", "0.5"}, {"burst", "1"}, {"key_header", "X"}, {"max_keys", "1"}}));
  for (const auto& [key, value] : {std::pair{"rate", "0"},
                                   {"rate", "-1"},
                                   {"rate", "nan"},
                                   {"rate", "fast"},
                                   {"burst", "0.5"},
                                   {"burst", "inf"},
                                   {"max_keys", "0"},
                                   {"max_keys", "-3"}}) {
    CAPTURE(key);
    CAPTURE(value);
    CHECK_THROWS_AS(make({{key, value}}), std::invalid_argument);
  }
}

}  // namespace
