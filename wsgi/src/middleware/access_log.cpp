#include <thane/wsgi/middleware/access_log.hpp>

#include <cstdint>
#include <memory>
#include <utility>

#include <thane/clock.hpp>
#include <thane/fiber.hpp>
#include <thane/log.hpp>
#include <thane/wsgi/file_body.hpp>
#include <thane/wsgi/middleware/request_id.hpp>

#include "../access_log.hpp"
#include "../response_writer.hpp"
#include "failure.hpp"
#include "stock.hpp"

namespace thane::wsgi {

namespace {

using internal::AccessLog;

constexpr std::string_view common =
    "%(client_ip)s - %(user)s [%(time)s] \"%(request_line)s\" %(status_code)s %(body_length)s";
constexpr std::string_view combined_adds = " \"%(referer)s\" \"%(user_agent)s\"";
constexpr std::string_view oslo =
    "%(client_ip)s \"%(request_line)s\" status: %(status_code)s  len: %(body_length)s "
    "time: %(wall_seconds).7f";

std::string format_from(const std::string& name) {
  if (name == "common") return std::string{common};
  if (name == "combined") return std::string{common}.append(combined_adds);
  if (name == "oslo") return std::string{oslo};
  return name;
}

// One request: its line is written once.
struct Line {
  std::shared_ptr<const AccessLog> format;
  const Request& request;
  TimePoint started = SteadyClock::now();

  void write(int status, std::uint64_t octets) const {
    const auto* user = request.attribute<std::string>("remote_user");
    format->write({.client_ip = request.peer_address(),
                   .method = request.method(),
                   .target = request.target(),
                   .minor_version = request.minor_version(),
                   .status = status,
                   .body_length = octets,
                   .wall_time = SteadyClock::now() - started,
                   .fields = request.headers(),
                   .user = user == nullptr ? std::string_view{} : std::string_view{*user},
                   .request_id = request_id_of(request)});
  }
};

// Counts what a stream gives, or a file; the line comes with the end of the answer, which the
// client may bring about, or the stream itself by an exception.
class Counter {
 public:
  Counter(Line line, int status) : line_(std::move(line)), status_(status) {}
  ~Counter() { line_.write(status_, octets_); }
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;

  void add(std::uint64_t octets) { octets_ += octets; }

 private:
  Line line_;
  int status_;
  std::uint64_t octets_ = 0;
};

BodyStream counted(const BodyStream& stream, std::shared_ptr<Counter> counter) {
  if (const auto* const file = stream.target<FileBody>()) {
    return file->observed(
        [counter = std::move(counter)](std::uint64_t octets) { counter->add(octets); });
  }
  return [counter = std::move(counter), stream] {
    auto piece = stream();
    if (piece) counter->add(piece->size());
    return piece;
  };
}

Response logged(Request& request, const Application& next,
                const std::shared_ptr<const AccessLog>& format) {
  if (!log::enabled(log::Level::info)) return next(request);
  Line line{format, request};
  try {
    auto response = next(request);
    const bool has_body = request.method() != "HEAD" && internal::may_have_body(response.status());
    if (!has_body || !response.body_stream()) {
      line.write(response.status(), has_body ? response.body().size() : 0);
      return response;
    }
    auto counter = std::make_shared<Counter>(std::move(line), response.status());
    response.set_stream(counted(response.body_stream(), std::move(counter)));
    return response;
  } catch (const fiber_killed&) {
    throw;  // There will be no answer.
  } catch (...) {
    line.write(internal::status_of_failure(request), 0);
    throw;
  }
}

}  // namespace

Filter access_log(const AccessLogOptions& options) {
  auto format = std::make_shared<const AccessLog>(format_from(options.format), "format");
  return [format = std::move(format)](Application next) -> Application {
    return [format, next = std::move(next)](Request& request) {
      return logged(request, next, format);
    };
  };
}

Filter internal::make_access_log(const Settings& settings, const StockOptions& /*options*/) {
  return access_log({.format = settings.get("format", "combined")});
}

}  // namespace thane::wsgi
