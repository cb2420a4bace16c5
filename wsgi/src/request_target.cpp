#include "request_target.hpp"

#include <arpa/inet.h>

#include <array>
#include <cstring>

#include "characters.hpp"

namespace thane::wsgi::internal {

namespace {

bool is_reg_name(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is(reg_name_character, text[i])) continue;
    const bool escaped = text[i] == '%' && text.size() - i > 2 && is(hex_character, text[i + 1]) &&
                         is(hex_character, text[i + 2]);
    if (!escaped) return false;
    i += 2;
  }
  return !text.empty();
}

bool is_port(std::string_view text) {
  unsigned value = 0;
  if (text.size() > 5) return false;
  for (const char c : text) {
    if (!is(digit_character, c)) return false;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value <= 65535;
}

// What stands between the brackets: IPv6address or IPvFuture.
bool is_ip_literal(std::string_view text) {
  if (!text.empty() && (text[0] == 'v' || text[0] == 'V')) {
    const auto dot = text.find('.');
    if (dot == std::string_view::npos || dot < 2 || dot + 1 == text.size()) return false;
    for (std::size_t i = 1; i < text.size(); ++i) {
      const bool fine = i < dot ? is(hex_character, text[i])
                                : i == dot || is(reg_name_character, text[i]) || text[i] == ':';
      if (!fine) return false;
    }
    return true;
  }
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size()) return false;
  std::memcpy(terminated.data(), text.data(), text.size());
  in6_addr address;
  return std::strlen(terminated.data()) == text.size() &&
         ::inet_pton(AF_INET6, terminated.data(), &address) == 1;
}

void split_query(std::string_view text, RequestHead& head) {
  const auto mark = head.plain_target ? std::string_view::npos : text.find('?');
  if (mark == std::string_view::npos) {
    head.path = text;
    head.query = {};
  } else {
    head.path = text.substr(0, mark);
    head.query = text.substr(mark + 1);
  }
}

int split_absolute(RequestHead& head, bool secure) {
  const auto colon = head.target.find("://");
  if (colon == std::string_view::npos) return 400;
  const auto scheme = head.target.substr(0, colon);
  const bool https = equals_lower(scheme, "https");
  if (!https && !equals_lower(scheme, "http")) return 400;

  const auto rest = head.target.substr(colon + 3);
  const auto end = rest.find_first_of("/?");
  head.authority = rest.substr(0, end);
  if (!is_valid_host(head.authority)) return 400;
  if (https && !secure) return 421;  // RFC 9110 7.4: not for this connection.

  split_query(end == std::string_view::npos ? std::string_view{} : rest.substr(end), head);
  if (head.path.empty()) head.path = head.method == "OPTIONS" ? "*" : "/";
  head.form = TargetForm::absolute;
  return 0;
}

}  // namespace

bool is_valid_host(std::string_view text) {
  if (!text.empty() && text[0] == '[') {
    const auto close = text.find(']');
    if (close == std::string_view::npos || !is_ip_literal(text.substr(1, close - 1))) return false;
    const auto rest = text.substr(close + 1);
    return rest.empty() || (rest[0] == ':' && is_port(rest.substr(1)));
  }
  // The usual host, in one pass; what holds a '%' is looked at again.
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end && is(reg_name_character, *at)) ++at;
  const auto plain = static_cast<std::size_t>(at - text.data());
  if (at == end) return plain > 0;
  if (*at == ':') return plain > 0 && is_port(text.substr(plain + 1));
  const auto colon = text.find(':');
  if (colon != std::string_view::npos && !is_port(text.substr(colon + 1))) return false;
  return is_reg_name(text.substr(0, colon));
}

int split_target(RequestHead& head, bool secure) {
  if (head.method == "CONNECT") {
    const auto colon = head.target.rfind(':');
    const bool has_port = colon != std::string_view::npos && colon + 1 < head.target.size();
    if (!has_port || !is_valid_host(head.target)) return 400;
    head.form = TargetForm::authority;
    head.authority = head.target;
    head.path = head.query = {};
    return 0;
  }
  if (head.target[0] == '/') {
    head.form = TargetForm::origin;
    split_query(head.target, head);
    return 0;
  }
  if (head.target == "*") {
    if (head.method != "OPTIONS") return 400;
    head.form = TargetForm::asterisk;
    head.path = head.target;
    head.query = {};
    return 0;
  }
  return split_absolute(head, secure);
}

}  // namespace thane::wsgi::internal
