// Any bytes as what a proxy says of a client, and as Accept, a line each: what a request is left
// with is a scheme, a host and an address, whatever they were.
#include <arpa/inet.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <thane/assert.hpp>
#include <thane/wsgi/middleware/http_proxy_to_wsgi.hpp>
#include <vector>

#include "body_source.hpp"
#include "characters.hpp"
#include "fuzz_target.hpp"
#include "middleware/accept.hpp"
#include "request_head.hpp"
#include "request_target.hpp"
#include "surroundings.hpp"

namespace {

using namespace thane::wsgi::internal;
using thane::wsgi::Request;
using thane::wsgi::Response;

class NoBody final : public BodySource {
 public:
  std::string_view read_some() override { return {}; }
};

bool is_address(const std::string& text) {
  in6_addr ignored{};
  return ::inet_pton(AF_INET, text.c_str(), &ignored) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), &ignored) == 1;
}

void check(const Request& request) {
  THANE_ASSERT(request.scheme() == "http" || request.scheme() == "https");
  THANE_ASSERT(is_valid_host(request.authority()));
  THANE_ASSERT(is_address(std::string{request.peer_address()}));
  const auto mount = request.script_name();
  THANE_ASSERT(mount.empty() || (mount.starts_with('/') && !mount.ends_with('/')));
}

// The next line, as far as a field may hold it.
std::string take_line(std::string_view& rest) {
  const auto line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  std::string value;
  std::ranges::copy_if(line, std::back_inserter(value),
                       [](char c) { return is(value_character, c); });
  return value;
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  return {"for=192.0.2.60;proto=http;by=203.0.113.43;host=a.b:80, for=198.51.100.17\n\n\n\n/v1",
          "For=\"[2001:db8:cafe::17]:4711\" ; host=\"a\\.b\"\n\n\n\n/%2f",
          "\n192.0.2.43:80, 2001:db8::1\nhttps,http\nexample.org:81\n/shop%20x/",
          "for=unknown, for=_hidden\n[::1]\n\n\n\ntext/plain;q=0.5, text/*;q=0.25, */*"};
}

std::string fuzz_alphabet() {
  return "for=hostprt;,\"\\[]:.0123 _%/*q\n";
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest{reinterpret_cast<const char*>(data), size};
  std::string text = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (const char* name : {"Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host",
                           "X-Forwarded-Prefix"}) {
    text.append(name).append(": ").append(take_line(rest)).append("\r\n");
  }
  const auto accept = take_line(rest);
  for (const char* type : {"text/plain", "application/json"}) {
    const int quality = media_quality(accept, type);
    THANE_ASSERT(quality >= 0 && quality <= 1000);
  }

  RequestHead head;
  text.append("\r\n");
  if (parse_head(text, {}, head).kind != ParseResult::Kind::complete) return 0;
  NoBody body;
  const Surroundings surroundings{.peer = "192.0.2.1"};
  Request request{head, body, surroundings};
  const auto filter = thane::wsgi::http_proxy_to_wsgi({.enable_proxy_headers_parsing = true});
  (void)filter([](Request& seen) {
    check(seen);
    return Response{204};
  })(request);
  return 0;
}
