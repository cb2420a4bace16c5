#include "record.hpp"

#include <errno.h>  // program_invocation_short_name.

#include <algorithm>
#include <array>
#include <chrono>

#include "escape.hpp"
#include "fixed_buffer.hpp"

namespace thane::log::internal {

namespace {

constexpr std::size_t max_request_id = 128;

using TimeText = std::array<char, 27>;

void put_digits(TimeText& text, std::size_t at, std::size_t digits, std::uint32_t number) {
  for (std::size_t place = at + digits; place > at; --place, number /= 10) {
    text[place - 1] = static_cast<char>('0' + number % 10);
  }
}

// Not by gmtime_r(), which takes a lock.
TimeText text_of(const timespec& time) {
  using namespace std::chrono;
  constexpr std::string_view form = "0000-00-00T00:00:00.000000Z";
  TimeText text;
  std::copy(form.begin(), form.end(), text.begin());
  const auto day = floor<days>(sys_seconds{seconds{time.tv_sec}});
  const year_month_day date{day};
  const auto second =
      static_cast<std::uint32_t>(time.tv_sec - seconds{day.time_since_epoch()}.count());
  put_digits(text, 0, 4, static_cast<std::uint32_t>(int{date.year()}));
  put_digits(text, 5, 2, unsigned{date.month()});
  put_digits(text, 8, 2, unsigned{date.day()});
  put_digits(text, 11, 2, second / 3600);
  put_digits(text, 14, 2, second / 60 % 60);
  put_digits(text, 17, 2, second % 60);
  put_digits(text, 20, 6, static_cast<std::uint32_t>(time.tv_nsec / 1000));
  return text;
}

template <class Out>
void append_time(Out& out, const timespec& time) {
  const TimeText text = text_of(time);
  append(out, {text.data(), text.size()});
}

// Words of the prefix must not hold blanks, or the prefix could not be told from the message.
template <class Out>
void append_word(Out& out, std::string_view word) {
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

template <class Out>
void append_cut_note(Out& out, const Record& record) {
  if (record.message.size() > max_message) {
    append(out, " [");
    append(out, fmt::format_int(record.message.size() - max_message).c_str());
    append(out, " bytes cut]");
  }
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

template <class Out>
void append_text(Out& out, const Record& record) {
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
  append_cut_note(out, record);
  out.push_back('\n');
}

template <class Out>
void append_json(Out& out, const Record& record) {
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
  Buffer message;
  append(message, within_limit(record.message));
  append_cut_note(message, record);
  append_journal_field(out, "MESSAGE", {message.data(), message.size()});
}

template void append_text(Buffer&, const Record&);
template void append_json(Buffer&, const Record&);
template void append_text(EmergencyBuffer&, const Record&);
template void append_json(EmergencyBuffer&, const Record&);

}  // namespace thane::log::internal
