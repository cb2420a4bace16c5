#include <thane/wsgi/middleware/request_id.hpp>

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <utility>

#include <thane/check.hpp>
#include <thane/internal/fork_count.hpp>
#include <thane/log.hpp>

#include "../characters.hpp"
#include "stock.hpp"

namespace thane::wsgi {

namespace {

constexpr std::string_view header = "x-openstack-request-id";
constexpr std::string_view attribute = "request_id.ids";
constexpr std::string_view prefix = "req-";
constexpr std::string_view shape = "req-xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

struct Ids {
  std::string own;
  std::string global;
  log::RequestScope scope;  // Until the request is over: on the fiber that it came on.

  Ids(std::string request, std::string caller)
      : own(std::move(request)),
        global(std::move(caller)),
        scope(global.empty() ? own : global + " " + own) {}
};
using SharedIds = std::shared_ptr<Ids>;

const Ids* ids_of(const Request& request) noexcept {
  const auto* ids = request.attribute<SharedIds>(attribute);
  return ids == nullptr ? nullptr : ids->get();
}

// 16 octets out of a store that one system call fills for many identifiers. A process that was
// forked meanwhile has the same store, and must not use it.
using Uuid = std::array<std::uint8_t, 16>;
Uuid random_uuid() {
  static thread_local std::array<Uuid, 16> store;
  static thread_local std::size_t left = 0;
  static thread_local unsigned filled_at = 0;
  if (left == 0 || filled_at != thane::internal::fork_count()) {
    check(::getrandom(store.data(), sizeof store, 0), "getrandom");  // Up to 256 octets: all.
    left = store.size();
    filled_at = thane::internal::fork_count();
  }
  Uuid uuid = store[--left];
  uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0f) | 0x40);  // RFC 9562: version 4,
  uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3f) | 0x80);  // and the usual variant.
  return uuid;
}

std::string new_id() {
  static constexpr std::string_view digits = "0123456789abcdef";
  const Uuid uuid = random_uuid();
  std::string id{shape};
  char* to = id.data() + prefix.size();
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    if (*to == '-') ++to;
    *to++ = digits[uuid[i] >> 4];
    *to++ = digits[uuid[i] & 0x0f];
  }
  return id;
}

// As oslo.middleware checks it: digits in lower case alone.
bool is_id(std::string_view text) {
  return std::ranges::equal(text, shape, [](char c, char wanted) {
    if (wanted != 'x') return c == wanted;
    return internal::is(internal::hex_character, c) && internal::to_lower(c) == c;
  });
}

Response answer(Request& request, const Application& next,
                const std::vector<std::string>& headers) {
  if (ids_of(request) == nullptr) {
    const auto caller = request.header(header).value_or("");
    request.set_attribute(
        attribute, std::make_shared<Ids>(new_id(), std::string{is_id(caller) ? caller : ""}));
  }
  auto response = next(request);
  for (const auto& name : headers) {
    if (!response.header(name)) response.add_header(name, request_id_of(request));
  }
  return response;
}

}  // namespace

Filter request_id(RequestIdOptions options) {
  std::vector<std::string> headers{std::string{header}};
  for (auto& name : options.compat_headers) {
    (void)Response{}.add_header(name, "");  // Throws for what is no name.
    headers.push_back(std::move(name));
  }
  return [headers = std::move(headers)](Application next) -> Application {
    return [headers, next = std::move(next)](Request& request) {
      return answer(request, next, headers);
    };
  };
}

std::string_view request_id_of(const Request& request) noexcept {
  const auto* ids = ids_of(request);
  return ids == nullptr ? std::string_view{} : std::string_view{ids->own};
}

std::string_view global_request_id_of(const Request& request) noexcept {
  const auto* ids = ids_of(request);
  return ids == nullptr ? std::string_view{} : std::string_view{ids->global};
}

Filter internal::make_request_id(const Settings& settings, const StockOptions& /*options*/) {
  return request_id({.compat_headers = list_of(settings, "compat_headers")});
}

}  // namespace thane::wsgi
