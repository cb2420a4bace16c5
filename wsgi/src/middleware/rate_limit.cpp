#include <thane/wsgi/middleware/rate_limit.hpp>

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <openssl/sha.h>

#include <thane/clock.hpp>
#include <thane/internal/in_quotes.hpp>

#include "known_keys.hpp"
#include "token_buckets.hpp"

namespace thane::wsgi {

namespace {

using internal::TokenBuckets;

constexpr std::size_t longest_kept = 64;

// What stands before an IPv4 address where a socket for both kinds of addresses writes it.
constexpr std::array<unsigned char, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

void check_limits(const RateLimitOptions& options) {
  if (!std::isfinite(options.rate) || options.rate <= 0) {
    throw std::invalid_argument(fmt::format("a rate is above 0, and not {}", options.rate));
  }
  if (!std::isfinite(options.burst) || options.burst < 1) {
    throw std::invalid_argument(fmt::format("a burst is at least 1, and not {}", options.burst));
  }
  if (options.max_keys == 0) throw std::invalid_argument("max_keys cannot be 0");
}

std::string key_of_address(std::string_view address) {
  std::string text{address};
  std::array<unsigned char, 16> octets{};
  if (::inet_pton(AF_INET6, text.c_str(), octets.data()) != 1) return "4" + text;
  if (std::equal(mapped.begin(), mapped.end(), octets.begin())) {
    std::array<char, INET_ADDRSTRLEN> dotted{};
    ::inet_ntop(AF_INET, octets.data() + mapped.size(), dotted.data(), dotted.size());
    return std::string{"4"} + dotted.data();
  }
  return "6" + std::string{reinterpret_cast<const char*>(octets.data()), 8};
}

// Not as it came if it is long: it is the client who says how long it is.
std::string key_of_text(std::string_view text) {
  if (text.size() <= longest_kept) return "=" + std::string{text};
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  ::SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return "#" + std::string{reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string key_of(const Request& request, const std::string& header) {
  const auto value = header.empty() ? std::nullopt : request.header(header);
  return value ? key_of_text(*value) : key_of_address(request.peer_address());
}

double number(const Settings& settings, std::string_view key, double fallback) {
  const auto text = settings.find(key);
  if (!text) return fallback;
  double value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error == std::errc{} && end == text->data() + text->size()) return value;
  throw std::invalid_argument(
      fmt::format("{} is no number: {}", key, thane::internal::in_quotes(*text)));
}

}  // namespace

Filter rate_limit(RateLimitOptions options) {
  check_limits(options);
  return [options = std::move(options)](Application next) {
    auto buckets = std::make_shared<TokenBuckets>(options.rate, options.burst, options.max_keys);
    return [buckets = std::move(buckets), header = options.key_header,
            next = std::move(next)](Request& request) {
      const Duration wait = buckets->take(key_of(request, header), SteadyClock::now());
      if (wait == Duration::zero()) return next(request);
      const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
      return Response{429}.add_header("Retry-After", std::to_string(seconds));
    };
  };
}

Filter make_rate_limit(const Settings&, const Settings& local_conf) {
  internal::warn_of_unknown("rate_limit", local_conf, {"rate", "burst", "key_header", "max_keys"});
  RateLimitOptions options;
  options.rate = number(local_conf, "rate", options.rate);
  options.burst = number(local_conf, "burst", options.burst);
  options.key_header = local_conf.get("key_header", options.key_header);
  const auto keys = local_conf.get_integer("max_keys", static_cast<std::int64_t>(options.max_keys));
  options.max_keys = keys < 0 ? 0 : static_cast<std::size_t>(keys);
  return rate_limit(std::move(options));
}

}  // namespace thane::wsgi
