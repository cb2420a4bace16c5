// One log line for each request, in a format that operators choose.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <thane/clock.hpp>

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
};

/// A format such as oslo.service's `wsgi_log_format`, taken apart once.
///
///     %(client_ip)s "%(request_line)s" status: %(status_code)s  len: %(body_length)s
///         time: %(wall_seconds).7f
///
/// Keys: client_ip, date_time, request_line, status_code, body_length, wall_seconds. `%%` is a
/// percent sign. wall_seconds takes a precision; all other conversions are read as `s`.
class AccessLog {
 public:
  /// Throws std::invalid_argument for an unknown key or a `%` that is none of the above.
  explicit AccessLog(std::string_view format);

  /// Appends the line for `record`, without an end of line.
  void append(const AccessRecord& record, std::string& line) const;
  /// Writes the line through thane::log, at level info.
  void write(const AccessRecord& record) const;

 private:
  enum class Key : std::uint8_t {
    client_ip,
    date_time,
    request_line,
    status_code,
    body_length,
    wall_seconds,
  };
  struct Piece {
    std::string literal;  // Goes before the value.
    Key key;
    int precision;
  };

  static Key key_from(std::string_view name);

  std::vector<Piece> pieces_;
  std::string tail_;
};

}  // namespace thane::wsgi::internal
