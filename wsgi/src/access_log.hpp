// One log line for each request, in a format that operators choose.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <thane/clock.hpp>
#include <thane/wsgi/field.hpp>

namespace thane::wsgi::internal {

/// What a line can tell.
struct AccessRecord {
  std::string_view client_ip;
  std::string_view method;  ///< Empty if the request could not be parsed.
  std::string_view target;
  int minor_version = 1;
  int status = 0;
  std::uint64_t body_length = 0;  ///< Octets of the answer's body.
  Duration wall_time{};
  std::span<const Field> fields = {};  ///< Of the request.
  std::string_view user = {};          ///< Who has authenticated.
  std::string_view request_id = {};
};

/// A format such as oslo.service's `wsgi_log_format`, taken apart once.
///
///     %(client_ip)s "%(request_line)s" status: %(status_code)s  len: %(body_length)s
///         time: %(wall_seconds).7f
///
/// Keys: client_ip, user, date_time, time, request_line, status_code, body_length, wall_seconds,
/// referer, user_agent, request_id. `%%` is a percent sign. wall_seconds takes a precision; all
/// other conversions are read as `s`.
class AccessLog {
 public:
  /// Throws std::invalid_argument for an unknown key or a `%` that is none of the above; it names
  /// the option.
  explicit AccessLog(std::string_view format, std::string_view option = "wsgi_log_format");

  /// Appends the line for `record`, without an end of line.
  void append(const AccessRecord& record, std::string& line) const;
  /// Writes the line through thane::log, at level info.
  void write(const AccessRecord& record) const;

 private:
  enum class Key : std::uint8_t {
    client_ip,
    user,
    date_time,
    time,
    request_line,
    status_code,
    body_length,
    wall_seconds,
    referer,
    user_agent,
    request_id,
  };
  struct Piece {
    std::string literal;  // Goes before the value.
    Key key;
    int precision;
  };

  static void append_value(const Piece& piece, const AccessRecord& record, std::string& line);

  std::vector<Piece> pieces_;
  std::string tail_;
};

}  // namespace thane::wsgi::internal
