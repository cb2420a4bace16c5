#include "access_log.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <iterator>
#include <stdexcept>
#include <utility>

#include <thane/log.hpp>

#include "characters.hpp"

namespace thane::wsgi::internal {

namespace {

// A quotation mark in a target would end the one that the format puts around it, and what follows
// could look like a status. All else that a line must not hold is in no target.
void append_target(std::string_view target, std::string& line) {
  for (;;) {
    const auto mark = target.find('"');
    line.append(target.substr(0, mark));
    if (mark == std::string_view::npos) return;
    line.append("%22");
    target.remove_prefix(mark + 1);
  }
}

// What a client says of itself: as in a string of C, so that it ends where it seems to.
void append_quoted(std::string_view text, std::string& line) {
  if (text.empty()) line.push_back('-');
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      line.append({'\\', c});
    } else if (c >= ' ' && c <= '~') {
      line.push_back(c);
    } else {
      fmt::format_to(std::back_inserter(line), "\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
}

void append_or_dash(std::string_view text, std::string& line) {
  line.append(text.empty() ? std::string_view{"-"} : text);
}

void append_local_time(const char* format, std::string& line) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::localtime_r(&now, &parts);
  char text[40];
  line.append(text, std::strftime(text, sizeof text, format, &parts));
}

void append_request_line(const AccessRecord& record, std::string& line) {
  if (record.method.empty()) {
    line.push_back('-');
    return;
  }
  line.append(record.method).append(" ");
  append_target(record.target, line);
  line.append(record.minor_version == 0 ? " HTTP/1.0" : " HTTP/1.1");
}

// `lower` is in lower case.
std::string_view field_of(const AccessRecord& record, std::string_view lower) {
  for (const auto& field : record.fields) {
    if (equals_lower(field.name, lower)) return field.value;
  }
  return {};
}

}  // namespace

AccessLog::AccessLog(std::string_view format, std::string_view option) {
  static constexpr std::array<std::pair<std::string_view, Key>, 11> keys{{
      {"client_ip", Key::client_ip},
      {"user", Key::user},
      {"date_time", Key::date_time},
      {"time", Key::time},
      {"request_line", Key::request_line},
      {"status_code", Key::status_code},
      {"body_length", Key::body_length},
      {"wall_seconds", Key::wall_seconds},
      {"referer", Key::referer},
      {"user_agent", Key::user_agent},
      {"request_id", Key::request_id},
  }};
  const auto refuse = [option](const std::string& why) {
    throw std::invalid_argument(std::string{option} + ": " + why);
  };
  std::string literal;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      literal.push_back(format[i]);
      continue;
    }
    if (format.substr(i + 1, 1) == "%") {
      literal.push_back('%');
      ++i;
      continue;
    }
    const auto close = format.find(')', i);
    if (format.substr(i + 1, 1) != "(" || close == std::string_view::npos) {
      refuse("a '%' that begins neither %(key)s nor %%");
    }
    const auto name = format.substr(i + 2, close - i - 2);
    const auto known = std::ranges::find(keys, name, &std::pair<std::string_view, Key>::first);
    if (known == keys.end()) refuse("there is no key \"" + std::string{name} + "\"");
    Piece piece{std::move(literal), known->second, 6};
    literal.clear();
    i = close + 1;
    if (i < format.size() && format[i] == '.') {
      piece.precision = 0;
      for (++i; i < format.size() && is(digit_character, format[i]); ++i) {
        piece.precision = std::min(9, piece.precision * 10 + (format[i] - '0'));
      }
    }
    if (i == format.size() || std::string_view{"sdf"}.find(format[i]) == std::string_view::npos) {
      refuse("a key is not followed by s, d or f");
    }
    pieces_.push_back(std::move(piece));
  }
  tail_ = std::move(literal);
}

void AccessLog::append(const AccessRecord& record, std::string& line) const {
  for (const auto& piece : pieces_) {
    line.append(piece.literal);
    append_value(piece, record, line);
  }
  line.append(tail_);
}

void AccessLog::append_value(const Piece& piece, const AccessRecord& record, std::string& line) {
  const auto out = std::back_inserter(line);
  switch (piece.key) {
    case Key::client_ip:
      return append_or_dash(record.client_ip, line);
    case Key::user:
      return append_quoted(record.user, line);
    case Key::date_time:
      return append_local_time("%d/%b/%Y %H:%M:%S", line);
    case Key::time:
      return append_local_time("%d/%b/%Y:%H:%M:%S %z", line);
    case Key::request_line:
      return append_request_line(record, line);
    case Key::status_code:
      fmt::format_to(out, "{}", record.status);
      return;
    case Key::body_length:
      fmt::format_to(out, "{}", record.body_length);
      return;
    case Key::wall_seconds: {
      const std::chrono::duration<double> seconds = record.wall_time;
      fmt::format_to(out, "{:.{}f}", seconds.count(), piece.precision);
      return;
    }
    case Key::referer:
      return append_quoted(field_of(record, "referer"), line);
    case Key::user_agent:
      return append_quoted(field_of(record, "user-agent"), line);
    case Key::request_id:
      return append_or_dash(record.request_id, line);
  }
}

void AccessLog::write(const AccessRecord& record) const {
  if (!log::enabled(log::Level::info)) return;
  std::string line;
  line.reserve(256);
  append(record, line);
  log::info("{}", line);
}

}  // namespace thane::wsgi::internal
