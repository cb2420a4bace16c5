#include <thane/rpc/transport_url.hpp>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <vector>

#include <thane/rpc/errors.hpp>

// The rules are those of Python's urlparse() and of oslo_messaging.TransportURL.parse().

namespace thane::rpc {

namespace {

int hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

// What is no escape stays as it is, as in Python.
std::string unquote(std::string_view text) {
  std::string out;
  for (std::size_t index = 0; index < text.size(); ++index) {
    const bool escape = text[index] == '%' && index + 2 < text.size() &&
                        hex_digit(text[index + 1]) >= 0 && hex_digit(text[index + 2]) >= 0;
    if (!escape) {
      out += text[index];
      continue;
    }
    out += static_cast<char>(hex_digit(text[index + 1]) * 16 + hex_digit(text[index + 2]));
    index += 2;
  }
  return out;
}

// Behind the question mark a plus sign stands for a space.
std::string unquote_query(std::string_view text) {
  std::string spaced{text};
  std::ranges::replace(spaced, '+', ' ');
  return unquote(spaced);
}

std::string quote(std::string_view text, std::string_view safe) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char character : text) {
    const auto octet = static_cast<unsigned char>(character);
    const bool letter = (character >= 'a' && character <= 'z') ||
                        (character >= 'A' && character <= 'Z') ||
                        (character >= '0' && character <= '9');
    if (letter || std::string_view{"_.-~"}.find(character) != std::string_view::npos ||
        safe.find(character) != std::string_view::npos) {
      out += character;
    } else {
      out += '%';
      out += digits[octet >> 4];
      out += digits[octet & 0x0f];
    }
  }
  return out;
}

std::string lower(std::string_view text) {
  std::string out{text};
  for (char& character : out) {
    if (character >= 'A' && character <= 'Z') character = static_cast<char>(character + 32);
  }
  return out;
}

bool is_scheme(std::string_view text) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789+-.";
  const std::string name = lower(text);
  return !name.empty() && name.front() >= 'a' && name.front() <= 'z' &&
         name.find_first_not_of(allowed) == std::string::npos;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// Cuts `text` at the first of `marks` and returns what stands behind it.
std::string_view cut(std::string_view& text, std::string_view marks, std::size_t keep = 0) {
  const auto at = text.find_first_of(marks);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = text.substr(at + 1 - keep);
  text = text.substr(0, at);
  return rest;
}

int port_number(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw std::invalid_argument("invalid literal for int() with base 10: '" + std::string{text} +
                                "'");
  }
  return port;
}

TransportUrl::Host parse_host(std::string_view text) {
  TransportUrl::Host host;
  if (const auto at = text.rfind('@'); at != std::string_view::npos) {
    std::string_view user = text.substr(0, at);
    const auto colon = user.find(':');
    if (colon != std::string_view::npos) host.password = unquote(user.substr(colon + 1));
    host.username = unquote(user.substr(0, colon));
    text.remove_prefix(at + 1);
  }
  std::string_view port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) throw std::invalid_argument("Invalid IPv6 URL");
    port = text.substr(end + 1);
    if (port.starts_with(':')) port.remove_prefix(1);
    host.hostname = std::string{text.substr(1, end - 1)};
  } else {
    port = cut(text, ":");
    host.hostname = std::string{text};
  }
  if (!port.empty()) host.port = port_number(port);
  return host;
}

std::string to_text(const TransportUrl::Host& host) {
  std::string text;
  if (host.username) {
    text += quote(*host.username, "");
    if (host.password) text += ":" + quote(*host.password, "");
    text += "@";
  }
  const std::string name = host.hostname.value_or("");
  text += name.find(':') == std::string::npos ? name : "[" + name + "]";
  if (host.port) text += ":" + std::to_string(*host.port);
  return text;
}

}  // namespace

TransportUrl TransportUrl::parse(std::string_view url) {
  TransportUrl parsed;
  const std::string whole{url};
  const auto colon = url.find(':');
  if (colon == std::string_view::npos || !is_scheme(url.substr(0, colon))) {
    throw InvalidTransportURL(whole, "No scheme specified in \"" + whole + "\"");
  }
  parsed.transport = lower(url.substr(0, colon));
  url.remove_prefix(colon + 1);
  (void)cut(url, "#");
  const std::string_view query = cut(url, "?");

  std::string_view path = url;
  if (url.starts_with("//")) {
    std::string_view hosts = url.substr(2);
    parsed.path = std::string{hosts};
    path = cut(hosts, "/", 1);
    if ((hosts.find('[') == std::string_view::npos) !=
        (hosts.find(']') == std::string_view::npos)) {
      throw std::invalid_argument("Invalid IPv6 URL");
    }
    for (const std::string_view host : split(hosts, ',')) {
      if (!host.empty()) parsed.hosts.push_back(parse_host(host));
    }
  }
  if (path.starts_with('/')) parsed.virtual_host = unquote(path.substr(1));

  for (std::string_view pair : split(query, '&')) {
    const std::string value = unquote_query(cut(pair, "="));
    if (value.empty()) continue;
    std::string& joined = parsed.query[unquote_query(pair)];
    joined += (joined.empty() ? "" : ",") + value;
  }
  return parsed;
}

std::string TransportUrl::driver() const {
  return transport.substr(0, transport.find('+'));
}

std::string TransportUrl::to_string() const {
  std::string text = transport + "://";
  bool first = true;
  for (const Host& host : hosts) {
    text += (first ? "" : ",") + to_text(host);
    first = false;
  }
  text += "/" + quote(virtual_host.value_or(""), "/");
  char mark = '?';
  for (const auto& [name, value] : query) {
    text += mark + quote(name, "") + "=" + quote(value, "");
    mark = '&';
  }
  return text;
}

}  // namespace thane::rpc
