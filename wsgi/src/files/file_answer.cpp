#include "file_answer.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>

#include <array>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include <thane/check.hpp>
#include <thane/wsgi/file_body.hpp>

#include "../field_list.hpp"
#include "byte_ranges.hpp"
#include "http_date.hpp"
#include "open_file.hpp"

namespace thane::wsgi {

namespace internal {

namespace {

using File = std::shared_ptr<const UniqueFd>;

std::string content_range(const ByteRange& range, std::uint64_t size) {
  return fmt::format("bytes {}-{}/{}", range.first, range.first + range.size - 1, size);
}

// Between the parts of a body, and not in any of them: nobody can know it in advance.
std::string random_boundary() {
  std::array<std::uint64_t, 2> random{};
  check_retry([&] { return ::getrandom(random.data(), sizeof random, 0); }, "getrandom");
  return fmt::format("thane{:016x}{:016x}", random[0], random[1]);
}

/// A BodyStream of multipart/byteranges (RFC 9110 14.6).
class Parts {
 public:
  Parts(File file, std::string end) : file_(std::move(file)), end_(std::move(end)) {}

  void add(std::string head, const ByteRange& range) {
    size_ += head.size() + range.size;
    parts_.push_back({std::move(head), range});
  }
  [[nodiscard]] std::uint64_t size() const { return size_ + end_.size(); }

  std::optional<std::string> operator()() {
    if (body_) {
      if (auto piece = (*body_)()) return piece;
      body_.reset();
    }
    if (at_ < parts_.size()) {
      const Part& part = parts_[at_++];
      body_.emplace(file_, part.range.first, part.range.size);
      return part.head;
    }
    return at_++ == parts_.size() ? std::optional{end_} : std::nullopt;
  }

 private:
  struct Part {
    std::string head;
    ByteRange range;
  };

  File file_;
  std::string end_;
  std::vector<Part> parts_;
  std::uint64_t size_ = 0;
  std::size_t at_ = 0;
  std::optional<FileBody> body_;
};

template <class Body>
void set_counted(Response& response, Body body, std::uint64_t size) {
  response.set_header("Content-Length", std::to_string(size));
  response.set_stream(std::move(body));
}

void set_parts(Response& response, File file, const std::vector<ByteRange>& ranges,
               std::uint64_t size, const std::string& type) {
  const std::string boundary = random_boundary();
  Parts parts{std::move(file), "\r\n--" + boundary + "--\r\n"};
  std::string_view begin = "";
  for (const ByteRange& range : ranges) {
    parts.add(fmt::format("{}--{}\r\nContent-Type: {}\r\nContent-Range: {}\r\n\r\n", begin,
                          boundary, type, content_range(range, size)),
              range);
    begin = "\r\n";
  }
  response.set_header("Content-Type", "multipart/byteranges; boundary=" + boundary);
  const auto octets = parts.size();
  set_counted(response, std::move(parts), octets);
}

WantedRanges wanted_ranges(const Request& request, const Validators& validators, std::uint64_t size,
                           std::size_t most, std::time_t now) {
  const auto field = only_field(request, "range");
  if (!field || request.method() != "GET") return {};
  if (!range_is_current(request, validators, now)) return {};
  return parse_byte_ranges(*field, size, most);
}

struct stat status_of(int fd) {
  struct stat status {};
  check(::fstat(fd, &status), "fstat");
  return status;
}

}  // namespace

Validators validators_of(const struct stat& status, const timespec& now) {
  const timespec& changed = status.st_mtim;
  const bool older = changed.tv_sec + 1 < now.tv_sec ||
                     (changed.tv_sec + 1 == now.tv_sec && changed.tv_nsec <= now.tv_nsec);
  // A date in the future would be taken for one of another clock (RFC 9110 8.8.2.1).
  return {.etag = fmt::format("{}\"{:x}-{:x}{:08x}\"", older ? "" : "W/", status.st_size,
                              changed.tv_sec, changed.tv_nsec),
          .modified = std::min(changed.tv_sec, now.tv_sec),
          .modified_long_ago = older};
}

Response answer_with_file(const Request& request, UniqueFd file, const struct stat& status,
                          const FileOptions& options) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const Validators validators = validators_of(status, now);
  const auto size = static_cast<std::uint64_t>(status.st_size);

  Response response;
  response.add_header("ETag", validators.etag);
  response.add_header("Last-Modified", format_http_date(validators.modified));
  if (!options.cache_control.empty()) response.add_header("Cache-Control", options.cache_control);

  switch (evaluate_preconditions(request, validators, now.tv_sec)) {
    case Precondition::not_modified:
      return response.set_status(304);
    case Precondition::failed:
      return Response{412};
    case Precondition::holds:
      break;
  }
  response.add_header("Accept-Ranges", "bytes");
  const auto wanted = wanted_ranges(request, validators, size, options.max_ranges, now.tv_sec);
  if (wanted.kind == WantedRanges::Kind::unsatisfiable) {
    return Response{416}
        .add_header("Content-Range", fmt::format("bytes */{}", size))
        .add_header("Accept-Ranges", "bytes");
  }
  const std::string type =
      options.content_type.empty() ? "application/octet-stream" : options.content_type;
  response.add_header("Content-Type", type);
  auto shared = std::make_shared<const UniqueFd>(std::move(file));
  if (wanted.kind == WantedRanges::Kind::all) {
    set_counted(response, FileBody{std::move(shared), 0, size}, size);
    return response;
  }
  response.set_status(206);
  if (wanted.ranges.size() > 1) {
    set_parts(response, std::move(shared), wanted.ranges, size, type);
  } else {
    const ByteRange& range = wanted.ranges.front();
    response.add_header("Content-Range", content_range(range, size));
    set_counted(response, FileBody{std::move(shared), range.first, range.size}, range.size);
  }
  return response;
}

Response only_to_be_read() {
  return Response{405}.add_header("Allow", "GET, HEAD");
}

}  // namespace internal

Response file_response(const Request& request, UniqueFd file, const FileOptions& options) {
  const auto status = internal::status_of(file.get());
  if (!S_ISREG(status.st_mode)) throw std::invalid_argument("what is to be sent is no file");
  if (!internal::may_read(request)) return internal::only_to_be_read();
  return internal::answer_with_file(request, std::move(file), status, options);
}

Response file_response(const Request& request, const std::filesystem::path& path,
                       const FileOptions& options) {
  if (!internal::may_read(request)) return internal::only_to_be_read();
  auto opened = internal::open_file(AT_FDCWD, path.native(), 0);
  if (!opened.file) return Response{internal::status_of_open_error(opened.error)};
  const auto status = internal::status_of(opened.file.get());
  if (!S_ISREG(status.st_mode)) return Response{404};
  FileOptions own = options;
  if (own.content_type.empty()) own.content_type = media_type(path.native());
  return internal::answer_with_file(request, std::move(opened.file), status, own);
}

}  // namespace thane::wsgi
