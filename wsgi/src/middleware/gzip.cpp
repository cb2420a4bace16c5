#include <thane/wsgi/middleware/gzip.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <thane/offload.hpp>
#include <thane/wsgi/file_body.hpp>

#include "../field_list.hpp"
#include "accept_encoding.hpp"
#include "deflater.hpp"
#include "known_keys.hpp"
#include "vary.hpp"

namespace thane::wsgi {

namespace {

using internal::Deflater;
using internal::equals_lower;
using internal::Flush;

// Other fibers wait while one compresses: more than this is done on a thread.
constexpr std::size_t most_on_fiber = 8192;

std::string compress(Deflater& deflater, std::string_view data, Flush flush) {
  if (data.size() <= most_on_fiber) return deflater.add(data, flush);
  return offload([&] { return deflater.add(data, flush); });
}

/// A BodyStream around another one. Copies share what they read from, as streams do.
class CompressedStream {
 public:
  CompressedStream(BodyStream plain, int level)
      : state_(std::make_shared<State>(std::move(plain), level)) {}

  std::optional<std::string> operator()() const {
    State& state = *state_;
    while (!state.ended) {
      const auto piece = state.plain();
      state.ended = !piece;
      std::string out = compress(state.deflater, piece ? *piece : std::string_view{},
                                 piece ? state.flush : Flush::end);
      if (!out.empty()) return out;
    }
    return std::nullopt;
  }

 private:
  struct State {
    State(BodyStream body, int level)
        : plain(std::move(body)),
          deflater(level),
          flush(plain.target<FileBody>() != nullptr ? Flush::none : Flush::all) {}
    BodyStream plain;
    Deflater deflater;
    Flush flush;
    bool ended = false;
  };
  std::shared_ptr<State> state_;
};

class Gzip {
 public:
  explicit Gzip(GzipOptions options) : options_(std::move(options)) {
    if (options_.level < 1 || options_.level > 9) {
      throw std::invalid_argument(
          fmt::format("gzip has the levels 1 to 9, and not {}", options_.level));
    }
    for (auto& type : options_.types) {
      std::ranges::transform(type, type.begin(), internal::to_lower);
    }
  }

  Response answer(const Request& request, Response response) const {
    const auto accepted = internal::joined_fields(request, "accept-encoding");
    const bool wanted = accepted && internal::prefers_gzip(*accepted);
    if (response.status() == 304) {
      // What was sent with the answer that the client keeps, so that it recognises it.
      if (wanted && response.header("ETag")) {
        internal::add_vary(response, "Accept-Encoding", "accept-encoding");
        weaken_tag(response);
      }
      return response;
    }
    if (!may_be_compressed(response)) return response;
    internal::add_vary(response, "Accept-Encoding", "accept-encoding");
    if (wanted) encode(response, request.method() == "HEAD");
    return response;
  }

 private:
  [[nodiscard]] bool may_be_compressed(const Response& response) const {
    const int status = response.status();
    if (status == 204 || status == 205 || status == 206 || (status >= 300 && status < 400)) {
      return false;
    }
    if (response.header("Content-Encoding") || response.header("Content-Range")) return false;
    if (!has_type(response)) return false;
    for (const auto& [name, value] : response.headers()) {
      bool forbidden = false;
      if (equals_lower(name, "cache-control")) {
        internal::for_each_element(value, [&](std::string_view directive) {
          forbidden = forbidden || equals_lower(directive, "no-transform");
        });
      }
      if (forbidden) return false;
    }
    const auto size = size_of(response);
    return !size || *size >= options_.minimum_size;
  }

  [[nodiscard]] bool has_type(const Response& response) const {
    const auto field = response.header("Content-Type").value_or(response.default_content_type());
    std::string type{internal::trim(field.substr(0, field.find(';')))};
    std::ranges::transform(type, type.begin(), internal::to_lower);
    return std::ranges::any_of(options_.types, [&type](std::string_view wanted) {
      if (wanted.ends_with('/')) return type.starts_with(wanted);
      return wanted.starts_with('+') ? type.ends_with(wanted) : type == wanted;
    });
  }

  // Of the body, as far as it is known before it is sent.
  static std::optional<std::size_t> size_of(const Response& response) {
    if (!response.body_stream() && !response.body().empty()) return response.body().size();
    const auto field = response.header("Content-Length");
    if (!field) return response.body_stream() ? std::nullopt : std::optional<std::size_t>{0};
    std::size_t size = 0;
    std::from_chars(field->data(), field->data() + field->size(), size);
    return size;
  }

  void encode(Response& response, bool head_only) const {
    if (!response.body_stream() && !response.body().empty()) {
      Deflater deflater{options_.level};
      std::string body = compress(deflater, response.body(), Flush::end);
      if (body.size() >= response.body().size()) return;
      response.set_body(std::move(body));
    } else if (head_only) {
      // How long it would be is not known, and a stream is what says so.
      response.set_stream([] { return std::optional<std::string>{}; });
    } else {
      response.set_stream(CompressedStream{response.body_stream(), options_.level});
    }
    response.remove_header("Content-Length");
    response.remove_header("Accept-Ranges");
    response.add_header("Content-Encoding", "gzip");
    weaken_tag(response);
  }

  static void weaken_tag(Response& response) {
    const auto tag = response.header("ETag");
    if (tag && tag->starts_with('"')) response.set_header("ETag", "W/" + std::string{*tag});
  }

  GzipOptions options_;
};

}  // namespace

Filter gzip(GzipOptions options) {
  return [filter = std::make_shared<const Gzip>(std::move(options))](Application next) {
    return [filter, next = std::move(next)](Request& request) {
      return filter->answer(request, next(request));
    };
  };
}

Filter make_gzip(const Settings&, const Settings& local_conf) {
  internal::warn_of_unknown("gzip", local_conf, {"compress_level", "minimum_size", "types"});
  GzipOptions options;
  // A level that no int holds is none of zlib's either.
  options.level = static_cast<int>(
      std::clamp<std::int64_t>(local_conf.get_integer("compress_level", options.level), 0, 10));
  const auto size =
      local_conf.get_integer("minimum_size", static_cast<std::int64_t>(options.minimum_size));
  options.minimum_size = static_cast<std::size_t>(std::max<std::int64_t>(size, 0));
  if (local_conf.contains("types")) options.types = local_conf.get_words("types");
  return gzip(std::move(options));
}

}  // namespace thane::wsgi
