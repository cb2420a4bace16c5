#include "record.hpp"

#include <errno.h>  // program_invocation_short_name.

#include <array>
#include <ctime>
#include <string>

#include "escape.hpp"

namespace thane::log::internal {

namespace {

constexpr std::size_t max_request_id = 128;

// 2026-11-21T12:00:00.123456Z. The part up to the second changes rarely: it is kept.
void append_time(Buffer& out, const timespec& time) {
  thread_local std::time_t cached_second = -1;
  thread_local std::array<char, 20> cached_text{};
  if (time.tv_sec != cached_second) {
    std::tm parts{};
    ::gmtime_r(&time.tv_sec, &parts);
    std::strftime(cached_text.data(), cached_text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    cached_second = time.tv_sec;
  }
  append(out, {cached_text.data(), 19});
  std::array<char, 8> fraction{'.', '0', '0', '0', '0', '0', '0', 'Z'};
  auto micros = time.tv_nsec / 1000;
  for (std::size_t place = 6; place > 0; --place, micros /= 10) {
    fraction[place] = static_cast<char>('0' + micros % 10);
  }
  append(out, {fraction.data(), fraction.size()});
}

// Words of the prefix must not hold blanks, or the prefix could not be told from the message.
void append_word(Buffer& out, std::string_view word) {
  for (const char c : word.substr(0, max_request_id)) {
    out.push_back(c == ' ' || c == '\t' || is_control(c) ? '_' : c);
  }
}

// The part of the message that is written, and how many bytes are not.
std::string_view within_limit(std::string_view message) {
  while (!message.empty() && message.back() == '\n') {
    message.remove_suffix(1);
  }
  return message.substr(0, max_message);
}

std::string cut_note(const Record& record) {
  if (record.message.size() <= max_message) {
    return {};
  }
  return fmt::format(" [{} bytes cut]", record.message.size() - max_message);
}

// A value with line breaks is written with its length, as the protocol wants it.
void append_journal_field(Buffer& out, std::string_view name, std::string_view value) {
  append(out, name);
  if (value.find('\n') == std::string_view::npos) {
    out.push_back('=');
  } else {
    out.push_back('\n');
    for (unsigned shift = 0; shift < 64; shift += 8) {
      out.push_back(static_cast<char>((static_cast<std::uint64_t>(value.size()) >> shift) & 0xffU));
    }
  }
  append(out, value);
  out.push_back('\n');
}

char journal_priority(Level level) {
  switch (level) {
    case Level::trace:
    case Level::debug:
      return '7';
    case Level::info:
      return '6';
    case Level::warning:
      return '4';
    case Level::error:
      return '3';
    default:
      return '2';
  }
}

}  // namespace

std::string_view level_word(Level level) noexcept {
  switch (level) {
    case Level::trace:
      return "TRACE";
    case Level::debug:
      return "DEBUG";
    case Level::info:
      return "INFO";
    case Level::warning:
      return "WARNING";
    case Level::error:
      return "ERROR";
    default:
      return "CRITICAL";
  }
}

void append_text(Buffer& out, const Record& record) {
  append_time(out, record.time);
  out.push_back(' ');
  append(out, level_word(record.level));
  out.push_back(' ');
  append(out, fmt::format_int(record.pid).c_str());
  if (record.worker >= 0 || !record.service.empty()) {
    out.push_back(' ');
    append_word(out, record.service.empty() ? "worker" : record.service);
    if (record.worker >= 0) {
      out.push_back('/');
      append(out, fmt::format_int(record.worker).c_str());
    }
  }
  if (record.generation > 0) {
    append(out, " g");
    append(out, fmt::format_int(record.generation).c_str());
  }
  if (!record.request_id.empty()) {
    out.push_back(' ');
    append_word(out, record.request_id);
  }
  append(out, ": ");
  append_escaped_text(out, within_limit(record.message));
  append(out, cut_note(record));
  out.push_back('\n');
}

void append_json(Buffer& out, const Record& record) {
  append(out, R"({"time":")");
  append_time(out, record.time);
  append(out, R"(","level":")");
  append(out, level_word(record.level));
  append(out, R"(","pid":)");
  append(out, fmt::format_int(record.pid).c_str());
  if (!record.service.empty()) {
    append(out, R"(,"service":)");
    append_json_string(out, record.service);
  }
  if (record.worker >= 0) {
    append(out, R"(,"worker":)");
    append(out, fmt::format_int(record.worker).c_str());
  }
  if (record.generation > 0) {
    append(out, R"(,"generation":)");
    append(out, fmt::format_int(record.generation).c_str());
  }
  if (record.fiber > 0) {
    append(out, R"(,"fiber":)");
    append(out, fmt::format_int(record.fiber).c_str());
  }
  if (!record.request_id.empty()) {
    append(out, R"(,"request_id":)");
    append_json_string(out, record.request_id.substr(0, max_request_id));
  }
  append(out, R"(,"message":)");
  append_json_string(out, within_limit(record.message));
  if (record.message.size() > max_message) {
    append(out, R"(,"bytes_cut":)");
    append(out, fmt::format_int(record.message.size() - max_message).c_str());
  }
  append(out, "}\n");
}

void append_journal(Buffer& out, const Record& record) {
  const char priority = journal_priority(record.level);
  append_journal_field(out, "PRIORITY", {&priority, 1});
  append_journal_field(out, "SYSLOG_IDENTIFIER", program_invocation_short_name);
  if (!record.service.empty()) {
    append_journal_field(out, "THANE_SERVICE", record.service);
  }
  if (record.worker >= 0) {
    append_journal_field(out, "THANE_WORKER", fmt::format_int(record.worker).c_str());
  }
  if (record.generation > 0) {
    append_journal_field(out, "THANE_GENERATION", fmt::format_int(record.generation).c_str());
  }
  if (record.fiber > 0) {
    append_journal_field(out, "THANE_FIBER", fmt::format_int(record.fiber).c_str());
  }
  if (!record.request_id.empty()) {
    append_journal_field(out, "THANE_REQUEST_ID", record.request_id.substr(0, max_request_id));
  }
  append_journal_field(out, "MESSAGE",
                       std::string{within_limit(record.message)} + cut_note(record));
}

}  // namespace thane::log::internal
