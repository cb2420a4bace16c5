#include "access_log.hpp"

#include <fmt/core.h>

#include <chrono>
#include <ctime>
#include <iterator>
#include <stdexcept>

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

}  // namespace

AccessLog::Key AccessLog::key_from(std::string_view name) {
  if (name == "client_ip") return Key::client_ip;
  if (name == "date_time") return Key::date_time;
  if (name == "request_line") return Key::request_line;
  if (name == "status_code") return Key::status_code;
  if (name == "body_length") return Key::body_length;
  if (name == "wall_seconds") return Key::wall_seconds;
  throw std::invalid_argument("wsgi_log_format: there is no key \"" + std::string{name} + "\"");
}

AccessLog::AccessLog(std::string_view format) {
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
      throw std::invalid_argument("wsgi_log_format: a '%' that begins neither %(key)s nor %%");
    }
    Piece piece{std::move(literal), key_from(format.substr(i + 2, close - i - 2)), 6};
    literal.clear();
    i = close + 1;
    if (i < format.size() && format[i] == '.') {
      piece.precision = 0;
      for (++i; i < format.size() && is(digit_character, format[i]); ++i) {
        piece.precision = std::min(9, piece.precision * 10 + (format[i] - '0'));
      }
    }
    if (i == format.size() || std::string_view{"sdf"}.find(format[i]) == std::string_view::npos) {
      throw std::invalid_argument("wsgi_log_format: a key is not followed by s, d or f");
    }
    pieces_.push_back(std::move(piece));
  }
  tail_ = std::move(literal);
}

void AccessLog::append(const AccessRecord& record, std::string& line) const {
  const auto out = std::back_inserter(line);
  for (const auto& piece : pieces_) {
    line.append(piece.literal);
    switch (piece.key) {
      case Key::client_ip:
        line.append(record.client_ip.empty() ? std::string_view{"-"} : record.client_ip);
        break;
      case Key::date_time: {
        const std::time_t now = std::time(nullptr);
        std::tm parts{};
        ::localtime_r(&now, &parts);
        char text[32];
        line.append(text, std::strftime(text, sizeof text, "%d/%b/%Y %H:%M:%S", &parts));
        break;
      }
      case Key::request_line:
        if (record.method.empty()) {
          line.push_back('-');
        } else {
          line.append(record.method).append(" ");
          append_target(record.target, line);
          line.append(record.minor_version == 0 ? " HTTP/1.0" : " HTTP/1.1");
        }
        break;
      case Key::status_code:
        fmt::format_to(out, "{}", record.status);
        break;
      case Key::body_length:
        fmt::format_to(out, "{}", record.body_length);
        break;
      case Key::wall_seconds: {
        const std::chrono::duration<double> seconds = record.wall_time;
        fmt::format_to(out, "{:.{}f}", seconds.count(), piece.precision);
        break;
      }
    }
  }
  line.append(tail_);
}

void AccessLog::write(const AccessRecord& record) const {
  if (!log::enabled(log::Level::info)) return;
  std::string line;
  line.reserve(256);
  append(record, line);
  log::info("{}", line);
}

}  // namespace thane::wsgi::internal
