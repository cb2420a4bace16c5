#include "request_head.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "characters.hpp"
#include "request_target.hpp"

// The grammar is that of RFC 9112 without any of its leniencies: lines end with CRLF, a bare CR or
// LF is an error, so are folded lines, white space before a colon, octets outside of the grammar,
// and every combination of Content-Length and Transfer-Encoding that two parsers could read
// differently. What is refused is refused with `Connection: close`, so nothing after it is taken
// for a request.

namespace thane::wsgi::internal {

namespace {

using Kind = ParseResult::Kind;

ParseResult refuse(int status, const char* reason) {
  return {Kind::refused, 0, status, reason};
}

constexpr ParseResult need_more{};

// What the fields said, gathered while they pass.
struct Seen {
  bool host = false;
  bool content_length = false;
  bool transfer_encoding = false;
  bool close = false;
  bool keep_alive = false;
};

bool parse_length(std::string_view text, std::uint64_t& length) {
  constexpr auto most = std::numeric_limits<std::int64_t>::max() / 10 - 1;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (!is(digit_character, c) || value > static_cast<std::uint64_t>(most)) return false;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  length = value;
  return !text.empty();
}

void note_connection(std::string_view value, Seen& seen) {
  if (value.size() == 10 && equals_lower(value, "keep-alive")) {
    seen.keep_alive = true;
    return;
  }
  while (!value.empty()) {
    const auto comma = value.find(',');
    const auto option = trim(value.substr(0, comma));
    if (equals_lower(option, "close")) seen.close = true;
    if (equals_lower(option, "keep-alive")) seen.keep_alive = true;
    if (comma == std::string_view::npos) break;
    value.remove_prefix(comma + 1);
  }
}

// "chunked" alone is what we decode. Another coding before it is honest and not implemented;
// anything else leaves the length of the body open to interpretation.
int note_transfer_encoding(std::string_view value, RequestHead& head, Seen& seen) {
  if (seen.transfer_encoding) return 400;
  seen.transfer_encoding = true;
  if (equals_lower(value, "chunked")) {
    head.framing = BodyFraming::chunked;
    return 0;
  }
  const auto comma = value.rfind(',');
  const bool ends_chunked =
      comma != std::string_view::npos && equals_lower(trim(value.substr(comma + 1)), "chunked");
  return ends_chunked ? 501 : 400;
}

int note_expect(std::string_view value, RequestHead& head) {
  if (head.minor_version == 0) return 0;  // RFC 9110 10.1.1: ignored in HTTP/1.0.
  if (!equals_lower(value, "100-continue")) return 417;
  head.expects_continue = true;
  return 0;
}

int note_host(std::string_view value, RequestHead& head, Seen& seen) {
  if (seen.host) return 400;
  seen.host = true;
  head.authority = value;
  if (head.known_host.is(value)) return 0;
  if (!value.empty() && !is_valid_host(value)) return 400;
  head.known_host.remember(value);
  return 0;
}

// Returns 0, or the status to refuse with.
int note_field(const Field& field, RequestHead& head, Seen& seen) {
  const auto& [name, value] = field;
  switch (name.size()) {
    case 4:
      return equals_lower(name, "host") ? note_host(value, head, seen) : 0;
    case 6:
      return equals_lower(name, "expect") ? note_expect(value, head) : 0;
    case 10:
      if (equals_lower(name, "connection")) note_connection(value, seen);
      return 0;
    case 14:
      if (!equals_lower(name, "content-length")) return 0;
      if (seen.content_length || !parse_length(value, head.content_length)) return 400;
      seen.content_length = true;
      return 0;
    case 17:
      return equals_lower(name, "transfer-encoding") ? note_transfer_encoding(value, head, seen)
                                                     : 0;
    default:
      return 0;
  }
}

// Reads `METHOD SP target SP HTTP/1.x CRLF`; moves `at` behind it.
ParseResult parse_request_line(const char*& at, const char* end, const HeadLimits& limits,
                               RequestHead& head) {
  const char* start = at;
  // Most requests, in one comparison.
  constexpr std::string_view get = "GET ";
  const bool gets = end - at >= static_cast<std::ptrdiff_t>(get.size()) &&
                    std::memcmp(at, get.data(), get.size()) == 0;
  at = gets ? at + 3 : skip_token(at, end);
  if (at - start > static_cast<std::ptrdiff_t>(max_method)) return refuse(501, "method too long");
  if (at == end) return need_more;
  if (*at != ' ' || at == start) return refuse(400, "bad method");
  head.method = {start, static_cast<std::size_t>(at - start)};

  start = ++at;
  at = skip_target(at, end, head.plain_target);
  if (at - start > static_cast<std::ptrdiff_t>(limits.target)) {
    return refuse(414, "request target too long");
  }
  if (at == end) return need_more;
  if (*at != ' ' || at == start) return refuse(400, "bad request target");
  head.target = {start, static_cast<std::size_t>(at - start)};

  ++at;
  // Nearly every request, in one comparison.
  constexpr std::string_view usual = "HTTP/1.1\r\n";
  if (end - at >= static_cast<std::ptrdiff_t>(usual.size()) &&
      std::memcmp(at, usual.data(), usual.size()) == 0) {
    at += usual.size();
    head.minor_version = 1;
    return {Kind::complete, 0, 0, ""};
  }
  constexpr std::string_view pattern = "HTTP/d.d\r\n";
  for (const char expected : pattern) {
    if (at == end) return need_more;
    const bool fine = expected == 'd' ? is(digit_character, *at) : *at == expected;
    if (!fine) return refuse(400, "bad HTTP version");
    ++at;
  }
  if (at[-5] != '1') return refuse(505, "HTTP version not supported");
  head.minor_version = at[-3] == '0' ? 0 : 1;
  return {Kind::complete, 0, 0, ""};
}

// Reads the field lines and the empty line behind them.
ParseResult parse_fields(const char*& at, const char* end, const HeadLimits& limits,
                         RequestHead& head, Seen& seen) {
  const std::size_t most_fields = std::min(limits.fields, max_fields);
  for (;;) {
    if (at == end) return need_more;
    if (*at == '\r') {
      if (at + 1 == end) return need_more;
      if (at[1] != '\n') return refuse(400, "bare CR");
      at += 2;
      return {Kind::complete, 0, 0, ""};
    }
    if (head.field_count == most_fields) {
      return refuse(431, "too many header fields");
    }

    const char* const name = at;
    at = skip_token(at, end);
    const char* const colon = at;
    if (at < end && (*at != ':' || at == name)) return refuse(400, "bad field name");
    if (at < end) at = skip_value(at + 1, end);
    if (at - name > static_cast<std::ptrdiff_t>(limits.line)) {
      return refuse(431, "header line too long");
    }
    if (at == end) return need_more;
    if (*at != '\r') return refuse(400, "bad octet in a field value");
    if (at + 1 == end) return need_more;
    if (at[1] != '\n') return refuse(400, "bare CR");

    Field& field = head.field_store[head.field_count++];
    field.name = {name, static_cast<std::size_t>(colon - name)};
    field.value = trim({colon + 1, static_cast<std::size_t>(at - colon - 1)});
    at += 2;
    if (const int status = note_field(field, head, seen); status != 0) {
      return refuse(status, "bad or unsupported header field");
    }
  }
}

// What the message as a whole says, after all its parts are well-formed.
int conclude(RequestHead& head, const Seen& seen, bool secure) {
  if (head.minor_version == 1 && !seen.host) return 400;
  if (seen.transfer_encoding && (seen.content_length || head.minor_version == 0)) return 400;
  if (seen.content_length) head.framing = BodyFraming::length;
  head.keep_alive = !seen.close && (head.minor_version == 1 || seen.keep_alive);
  return split_target(head, secure);
}

}  // namespace

ParseResult parse_head(std::string_view input, const HeadLimits& limits, RequestHead& head) {
  const char* at = input.data();
  const char* const end = at + input.size();

  // RFC 9112 2.2: an empty line before the request line is ignored; one, not any number.
  if (at < end && *at == '\r') {
    if (end - at < 2) return need_more;
    if (at[1] != '\n') return refuse(400, "bare CR");
    at += 2;
  }

  head.field_count = 0;
  head.framing = BodyFraming::none;
  head.content_length = 0;
  head.expects_continue = false;
  head.authority = {};
  Seen seen;

  auto result = parse_request_line(at, end, limits, head);
  if (result.kind == Kind::complete) result = parse_fields(at, end, limits, head, seen);
  if (result.kind == Kind::refused) return result;

  const auto size = static_cast<std::size_t>(at - input.data());
  if (size > limits.head || (result.kind == Kind::need_more && input.size() >= limits.head)) {
    return refuse(431, "request head too large");
  }
  if (result.kind == Kind::need_more) return result;
  if (const int status = conclude(head, seen, limits.secure); status != 0) {
    return refuse(status, "bad framing, host or request target");
  }
  result.size = size;
  return result;
}

}  // namespace thane::wsgi::internal
