#include <thane/wsgi/routes_middleware.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "characters.hpp"
#include "percent.hpp"
#include "routing/dispatch.hpp"

namespace thane::wsgi {

namespace {

constexpr std::string_view parameter = "_method";

// The last one, as WebOb takes it.
std::string last_parameter(std::string_view form) {
  std::string result;
  while (!form.empty()) {
    const auto pair = form.substr(0, form.find('&'));
    form.remove_prefix(std::min(form.size(), pair.size() + 1));
    const auto equals = pair.find('=');
    if (internal::percent_decode(pair.substr(0, equals), internal::Plus::space) != parameter)
      continue;
    const auto value = equals == pair.npos ? std::string_view{} : pair.substr(equals + 1);
    result = internal::percent_decode(value, internal::Plus::space);
  }
  return result;
}

std::string last_part(std::string_view body, std::string_view content_type) {
  const auto at = content_type.find("boundary=");
  if (at == content_type.npos) return {};
  auto boundary = content_type.substr(at + std::string_view{"boundary="}.size());
  boundary = boundary.substr(0, boundary.find_first_of("; "));
  if (boundary.starts_with('"') && boundary.size() > 1) {
    boundary = boundary.substr(1, boundary.find('"', 1) - 1);
  }
  const auto delimiter = "--" + std::string{boundary};
  std::string result;
  for (auto begin = body.find(delimiter); begin != body.npos;) {
    begin += delimiter.size();
    const auto end = body.find("\r\n" + delimiter, begin);
    const auto part = body.substr(begin, end == body.npos ? body.npos : end - begin);
    const auto blank = part.find("\r\n\r\n");
    if (blank != part.npos && part.substr(0, blank).find("name=\"_method\"") != part.npos) {
      result = part.substr(blank + 4);
    }
    begin = end == body.npos ? end : end + 2;
  }
  return result;
}

// What there is of a body up to `limit`; the application reads it again.
std::optional<std::string> look_at_body(Request& request, std::size_t limit) {
  if (request.content_length().value_or(0) > limit) return std::nullopt;
  std::string body;
  while (body.size() <= limit) {
    const auto piece = request.read_some();
    if (piece.empty()) {
      request.unread(body);
      return body;
    }
    body.append(piece);
  }
  request.unread(std::move(body));
  return std::nullopt;
}

std::string form_method(Request& request, std::size_t limit) {
  const auto content_type = request.header("Content-Type").value_or("");
  const auto kind = internal::trim(content_type.substr(0, content_type.find(';')));
  const bool encoded = internal::equals_lower(kind, "application/x-www-form-urlencoded");
  if (!encoded && !internal::equals_lower(kind, "multipart/form-data")) return {};
  const auto body = look_at_body(request, limit);
  if (!body) return {};
  return encoded ? last_parameter(*body) : last_part(*body, content_type);
}

std::string method_for_matching(Request& request, const RoutesMiddlewareOptions& options) {
  std::string method;
  if (options.method_override) {
    if (request.query().find(parameter) != std::string_view::npos) {
      method = last_parameter(request.query());
    } else if (request.method() == "POST") {
      method = form_method(request, options.max_form);
    }
  }
  if (method.empty()) return std::string{request.method()};
  for (auto& c : method) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return method;
}

}  // namespace

Application routes_middleware(std::shared_ptr<const Mapper> mapper, Application application,
                              RoutesMiddlewareOptions options) {
  return [mapper = std::move(mapper), application = std::move(application),
          options](Request& request) {
    auto match = mapper->match(request.path(), method_for_matching(request, options));
    if (match && match->redirect_status != 0) {
      return internal::redirect_response(*mapper, *match, request);
    }
    if (match && options.path_info) internal::move_path_info(request, *match);
    request.set_route(std::move(match));
    return application(request);
  };
}

}  // namespace thane::wsgi
