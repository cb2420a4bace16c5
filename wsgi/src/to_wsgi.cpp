// An Application in the form of PEP 3333.
#include <algorithm>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include <thane/wsgi/file_body.hpp>
#include <thane/wsgi/wsgi_application.hpp>

#include "body_source.hpp"
#include "characters.hpp"
#include "percent.hpp"
#include "request_head.hpp"
#include "response_writer.hpp"
#include "surroundings.hpp"

namespace thane::wsgi {

namespace {

using internal::BodyFraming;
using internal::RequestHead;

class InputBody final : public internal::BodySource {
 public:
  explicit InputBody(Input& input) : input_(input) {}
  std::string_view read_some() override {
    piece_ = input_.read(piece_size);
    return piece_;
  }

 private:
  static constexpr std::size_t piece_size = 16384;
  Input& input_;
  std::string piece_;
};

// "HTTP_X_REQUEST_ID" as "X-Request-Id".
std::string field_name(std::string_view variable) {
  std::string name;
  for (const char c : variable) {
    const bool begins = name.empty() || name.back() == '-';
    name.push_back(c == '_' ? '-' : begins ? c : internal::to_lower(c));
  }
  return name;
}

// A request made of what an environ says now, whoever has changed it since it came.
class Synthesized {
 public:
  explicit Synthesized(Environ& variables)
      : head_(std::make_unique<RequestHead>()),
        method_(variables.get("REQUEST_METHOD")),
        path_(internal::percent_encode(variables.get("PATH_INFO"), internal::Kept::path)),
        query_(variables.get("QUERY_STRING")),
        peer_(variables.get("REMOTE_ADDR")),
        server_name_(variables.get("SERVER_NAME")),
        server_port_(variables.get("SERVER_PORT")),
        body_(variables.input()) {
    const std::string script_name{variables.get("SCRIPT_NAME")};
    target_ = internal::percent_encode(script_name, internal::Kept::path) + path_;
    if (!query_.empty()) target_ += "?" + query_;
    head_->method = method_;
    head_->target = target_;
    head_->path = path_;
    head_->query = query_;
    head_->minor_version = variables.get("SERVER_PROTOCOL") == "HTTP/1.0" ? 0 : 1;
    add_fields(variables);
    frame(variables);
    surroundings_ = {.peer = peer_,
                     .server_name = server_name_,
                     .server_port = server_port_,
                     .secure = variables.get("wsgi.url_scheme") == "https"};
    if (variables.get("SSL_CLIENT_VERIFY") == "SUCCESS") {
      client_ = {std::string{variables.get("SSL_CLIENT_S_DN")},
                 std::string{variables.get("SSL_CLIENT_I_DN")},
                 std::string{variables.get("SSL_CLIENT_M_SERIAL")}};
      surroundings_.client = &client_;
    }
    request_.emplace(*head_, body_, surroundings_);
    request_->set_script_name(script_name);
    if (const auto* const route = variables.object<RouteMatch>("routes.route")) {
      request_->set_route(*route);
    }
  }

  Request& request() { return *request_; }

 private:
  void add_fields(const Environ& variables) {
    fields_.reserve(variables.all().size());
    for (const auto& [name, value] : variables.all()) {
      const auto* const text = std::get_if<std::string>(&value);
      std::string_view field = name;
      const bool of_http = field.starts_with("HTTP_");
      if (of_http) field.remove_prefix(5);
      // Of the body by their names without HTTP_ alone: else they could come twice.
      const bool of_body = field == "CONTENT_TYPE" || field == "CONTENT_LENGTH";
      if (of_http == of_body) continue;
      if (text == nullptr || head_->field_count == internal::max_fields) continue;
      const auto& kept = fields_.emplace_back(field_name(field), *text);
      head_->field_store[head_->field_count++] = {kept.first, kept.second};
      if (field == "HOST") head_->authority = kept.second;
    }
  }

  void frame(const Environ& variables) {
    const auto length = variables.get("CONTENT_LENGTH");
    if (!length.empty()) {
      head_->framing = BodyFraming::length;
      std::from_chars(length.data(), length.data() + length.size(), head_->content_length);
    } else if (!variables.get("HTTP_TRANSFER_ENCODING").empty()) {
      head_->framing = BodyFraming::chunked;
    }
  }

  std::unique_ptr<RequestHead> head_;
  std::string method_, path_, target_, query_, peer_, server_name_, server_port_;
  std::vector<std::pair<std::string, std::string>> fields_;  // Reserved: views point into it.
  InputBody body_;
  ClientCertificate client_;
  internal::Surroundings surroundings_;
  std::optional<Request> request_;
};

class ResponseBody final : public Iterable {
 public:
  ResponseBody(std::unique_ptr<Synthesized> request, Response response)
      : request_(std::move(request)), response_(std::move(response)) {}

  std::optional<std::string> next() override {
    if (response_.body_stream()) return response_.body_stream()();
    if (std::exchange(given_, true)) return std::nullopt;
    return response_.body();
  }
  [[nodiscard]] std::optional<std::size_t> size() const override {
    return response_.body_stream() ? std::nullopt : std::optional<std::size_t>{1};
  }
  [[nodiscard]] const FileBody* file() const override {
    return response_.body_stream().target<FileBody>();
  }

 private:
  std::unique_ptr<Synthesized> request_;  // The response may refer to it; goes after it.
  Response response_;
  bool given_ = false;
};

std::string status_line(const Response& response) {
  return std::to_string(response.status()) + " " +
         (response.reason().empty() ? std::string{internal::reason_phrase(response.status())}
                                    : response.reason());
}

}  // namespace

WsgiApplication to_wsgi(Application application) {
  return [application = std::move(application)](Environ& variables,
                                                const StartResponse& start_response) -> Body {
    auto request = std::make_unique<Synthesized>(variables);
    Response response = application(request->request());
    StartResponse::Headers headers = response.headers();
    if (!response.header("Content-Type") && !response.default_content_type().empty()) {
      headers.emplace_back("Content-Type", response.default_content_type());
    }
    start_response(status_line(response), headers);
    return std::make_unique<ResponseBody>(std::move(request), std::move(response));
  };
}

}  // namespace thane::wsgi
