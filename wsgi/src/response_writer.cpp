#include "response_writer.hpp"

#include <array>
#include <charconv>
#include <cstring>

#include "characters.hpp"

namespace thane::wsgi::internal {

namespace {

// Fields of one hop: what they would say is ours to say (RFC 9110 7.6.1).
bool concerns_connection(std::string_view name) {
  switch (name.size()) {
    case 2:
      return equals_lower(name, "te");
    case 7:
      return equals_lower(name, "trailer") || equals_lower(name, "upgrade");
    case 10:
      return equals_lower(name, "connection") || equals_lower(name, "keep-alive");
    case 16:
      return equals_lower(name, "proxy-connection");
    case 17:
      return equals_lower(name, "transfer-encoding");
    default:
      return false;
  }
}

// A head in the making: appended to a string at once, for each append costs more than the few
// octets that it appends.
class Head {
 public:
  explicit Head(std::string& out) : out_(out) {}
  ~Head() = default;
  Head(const Head&) = delete;
  Head& operator=(const Head&) = delete;

  [[gnu::always_inline]] Head& append(std::string_view text) {
    if (text.size() > buffer_.size() - used_) {
      flush();
      if (text.size() > buffer_.size()) {
        out_.append(text);
        return *this;
      }
    }
    std::memcpy(buffer_.data() + used_, text.data(), text.size());
    used_ += text.size();
    return *this;
  }
  void flush() {
    out_.append(buffer_.data(), used_);
    used_ = 0;
  }

 private:
  std::string& out_;
  std::size_t used_ = 0;
  std::array<char, 512> buffer_;
};

template <class Out, class Number>
void append_number(Out& out, Number value, int base = 10) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, base).ptr;
  out.append(std::string_view{digits.data(), static_cast<std::size_t>(end - digits.data())});
}

std::optional<std::uint64_t> parse_count(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void append_status_line(const Response& response, Head& out) {
  const int status = response.status();
  if (status == 200 && response.reason().empty()) {
    out.append("HTTP/1.1 200 OK\r\n");
    return;
  }
  out.append("HTTP/1.1 ");
  append_number(out, status);
  out.append(" ");
  out.append(response.reason().empty() ? reason_phrase(status)
                                       : std::string_view{response.reason()});
  out.append("\r\n");
}

// What the application's own fields said that matters here.
struct Own {
  bool date = false;
  bool server = false;
  bool content_type = false;
  std::optional<std::uint64_t> content_length;
};

Own append_headers(const Response& response, Head& out) {
  Own own;
  for (const auto& [name, value] : response.headers()) {
    if (concerns_connection(name)) continue;
    if (equals_lower(name, "content-length")) {
      own.content_length = parse_count(value);
      continue;
    }
    own.date |= equals_lower(name, "date");
    own.server |= equals_lower(name, "server");
    own.content_type |= equals_lower(name, "content-type");
    out.append(name).append(": ").append(value).append("\r\n");
  }
  return own;
}

Written frame_body(const Response& response, const Delivery& delivery, const Own& own, Head& out) {
  using Body = Written::Body;
  const int status = response.status();
  Written written{Body::none, delivery.keep_alive && !response.closes_connection(), 0};
  const auto length = [&out](std::uint64_t octets) {
    // With both ends, as each append costs more than what it appends.
    constexpr std::string_view name = "Content-Length: ";
    std::array<char, 40> field;
    std::memcpy(field.data(), name.data(), name.size());
    char* const end = std::to_chars(field.data() + name.size(), field.end(), octets).ptr;
    std::memcpy(end, "\r\n", 2);
    out.append({field.data(), static_cast<std::size_t>(end + 2 - field.data())});
  };

  if (status == 204) return written;
  if (status == 205) {  // RFC 9110 15.3.6: no content, and this is how to say so.
    length(0);
    return written;
  }
  const bool bodiless = delivery.head_only || status == 304;
  if (response.body_stream()) {
    if (own.content_length) length(*own.content_length);
    if (bodiless) return written;
    if (own.content_length) {
      written.body = Body::counted;
      written.counted = *own.content_length;
    } else if (delivery.minor_version >= 1) {
      out.append("Transfer-Encoding: chunked\r\n");
      written.body = Body::chunked;
    } else {
      written.body = Body::until_close;
      written.keep_alive = false;
    }
    return written;
  }
  if (bodiless && response.body().empty()) {
    // What the application says the body would be; a 304 that says nothing has no length at all.
    if (own.content_length)
      length(*own.content_length);
    else if (status != 304)
      length(0);
    return written;
  }
  length(response.body().size());
  if (!bodiless) written.body = Body::whole;
  return written;
}

}  // namespace

void StandardFields::make(std::time_t now) {
  second_ = now;
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  size_ = std::strftime(text_, sizeof text_,
                        "HTTP/1.1 200 OK\r\nServer: thane\r\nDate: %a, %d %b %Y %H:%M:%S GMT\r\n",
                        &parts);
}

Written write_response(const Response& response, const Delivery& delivery, std::string& out) {
  Head head{out};
  Own own;
  auto standard = delivery.standard;
  const bool usual =
      response.status() == 200 && response.reason().empty() && response.headers().empty();
  if (!usual) {
    append_status_line(response, head);
    own = append_headers(response, head);
    standard.remove_prefix(StandardFields::status_line_size);
    if (own.date) standard = standard.substr(0, StandardFields::server_size);
    if (own.server) standard.remove_prefix(StandardFields::server_size);
  }
  head.append(standard);
  if (!own.content_type && !response.default_content_type().empty()) {
    head.append("Content-Type: ").append(response.default_content_type()).append("\r\n");
  }
  const Written written = frame_body(response, delivery, own, head);
  if (!written.keep_alive) {
    head.append("Connection: close\r\n");
  } else if (delivery.minor_version == 0) {
    head.append("Connection: keep-alive\r\n");
  }
  head.append("\r\n");
  if (written.body == Written::Body::whole) head.append(response.body());
  head.flush();
  return written;
}

void write_chunk(std::string_view data, std::string& out) {
  if (data.empty()) return;
  append_number(out, data.size(), 16);
  out.append("\r\n").append(data).append("\r\n");
}

void write_last_chunk(std::string& out) {
  out.append("0\r\n\r\n");
}

}  // namespace thane::wsgi::internal
