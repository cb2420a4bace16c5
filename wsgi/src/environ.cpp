#include <thane/wsgi/environ.hpp>

#include <algorithm>
#include <limits>

#include <thane/internal/worker_slot.hpp>
#include <thane/log.hpp>
#include <thane/wsgi/file_wrapper.hpp>
#include <thane/wsgi/middleware/basic_auth.hpp>
#include <thane/wsgi/request.hpp>

#include "characters.hpp"

namespace thane::wsgi {

namespace {

constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

// HTTP_ and the name in capitals, dashes as underscores; empty for one that must not get in. A name
// with an underscore would be taken for the one with a dash, which a proxy in front may have
// checked; and HTTP_PROXY is what libraries take for a setting of theirs.
std::string variable_name(std::string_view field) {
  if (field.find('_') != std::string_view::npos || internal::equals_lower(field, "proxy"))
    return {};
  std::string name;
  if (!internal::equals_lower(field, "content-type") &&
      !internal::equals_lower(field, "content-length")) {
    name = "HTTP_";
  }
  for (const char c : field) {
    name.push_back(c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c);
  }
  return name;
}

bool several_processes() {
  return thane::internal::worker_slots().all.size() > 1;
}

}  // namespace

std::string Input::read(std::optional<std::size_t> size) {
  std::string all;
  const std::size_t limit = size.value_or(no_limit);
  while (all.size() < limit && take(all, limit, std::nullopt)) {
  }
  return all;
}

std::string Input::readline(std::optional<std::size_t> limit) {
  std::string line;
  while (line.size() < limit.value_or(no_limit) && !line.ends_with('\n') &&
         take(line, limit.value_or(no_limit), '\n')) {
  }
  return line;
}

std::vector<std::string> Input::readlines(std::optional<std::size_t> hint) {
  std::vector<std::string> lines;
  std::size_t octets = 0;
  const std::size_t enough = hint.value_or(0) == 0 ? no_limit : *hint;
  while (octets < enough) {
    std::string line = readline();
    if (line.empty()) break;
    octets += line.size();
    lines.push_back(std::move(line));
  }
  return lines;
}

bool Input::take(std::string& to, std::size_t limit, std::optional<char> end) {
  if (rest_.empty()) {
    if (!ended_) rest_ = more_();
    ended_ = rest_.empty();
    if (ended_) return false;
  }
  std::size_t size = std::min(rest_.size(), limit - to.size());
  if (end) {
    if (const auto at = rest_.substr(0, size).find(*end); at != std::string_view::npos) {
      size = at + 1;
    }
  }
  to.append(rest_.substr(0, size));
  rest_.remove_prefix(size);
  return true;
}

void ErrorStream::write(std::string_view text) {
  for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    line_.append(text.substr(0, end));
    flush();
    text.remove_prefix(end + 1);
  }
  line_.append(text);
}

void ErrorStream::flush() {
  if (!line_.empty()) log::error("{}", line_);
  line_.clear();
}

Environ::Environ(Request& request)
    : input_([&request]() -> std::string_view {
        return request.has_body() ? request.read_some() : std::string_view{};
      }) {
  variables_.reserve(request.headers().size() + 20);
  const auto add = [this](std::string_view name, Value value) {
    variables_.emplace_back(name, std::move(value));
  };
  add("REQUEST_METHOD", std::string{request.method()});
  add("SCRIPT_NAME", std::string{request.script_name()});
  add("PATH_INFO", std::string{request.path()});
  add("QUERY_STRING", std::string{request.query()});
  add("SERVER_NAME", std::string{request.server_name()});
  add("SERVER_PORT", std::string{request.server_port()});
  add("SERVER_PROTOCOL", std::string{request.minor_version() == 0 ? "HTTP/1.0" : "HTTP/1.1"});
  add("REMOTE_ADDR", std::string{request.peer_address()});
  for (const auto& [name, value] : request.headers()) add_field(name, value);
  // Of a target in absolute form, or what a proxy says it was: RFC 9112 3.2.2.
  if (!request.authority().empty()) set("HTTP_HOST", std::string{request.authority()});
  if (const auto* const user = request.attribute<std::string>(basic_auth_user)) add_user(*user);
  add("wsgi.version", std::array{1, 0});
  add("wsgi.url_scheme", std::string{request.scheme()});
  add("wsgi.multithread", true);  // Fibers are to an application what threads are.
  add("wsgi.multiprocess", several_processes());
  add("wsgi.run_once", false);
  add("wsgi.input_terminated", true);
  add("wsgi.file_wrapper", std::any{FileWrapper{wrap_file}});
  if (const auto* const route = request.route()) {
    add("wsgiorg.routing_args", std::any{route->arguments});
    add("routes.route", std::any{*route});
  }
  if (request.scheme() == "https") add_tls(request);
}

// By the names of mod_ssl, which applications know.
void Environ::add_tls(const Request& request) {
  variables_.emplace_back("HTTPS", std::string{"on"});
  const auto* const client = request.client_certificate();
  variables_.emplace_back("SSL_CLIENT_VERIFY", std::string{client != nullptr ? "SUCCESS" : "NONE"});
  if (client == nullptr) return;
  variables_.emplace_back("SSL_CLIENT_S_DN", client->subject);
  variables_.emplace_back("SSL_CLIENT_I_DN", client->issuer);
  variables_.emplace_back("SSL_CLIENT_M_SERIAL", client->serial);
}

// In the place of what the client says of itself.
void Environ::add_user(const std::string& user) {
  erase("HTTP_AUTHORIZATION");
  set("AUTH_TYPE", std::string{"Basic"});
  for (const char* const name : {"REMOTE_USER", "HTTP_X_USER", "HTTP_X_USER_NAME"}) {
    set(name, user);
  }
}

void Environ::add_field(std::string_view name, std::string_view value) {
  const std::string variable = variable_name(name);
  if (variable.empty()) return;
  const auto known = std::ranges::find(variables_, variable, &Variables::value_type::first);
  if (known == variables_.end()) {
    variables_.emplace_back(variable, std::string{value});
  } else {  // Content-Length comes once, or it were refused.
    std::get<std::string>(known->second).append(",").append(value);
  }
}

std::string_view Environ::get(std::string_view name) const noexcept {
  const Value* const value = find(name);
  const auto* const text = value != nullptr ? std::get_if<std::string>(value) : nullptr;
  return text != nullptr ? std::string_view{*text} : std::string_view{};
}

const Environ::Value* Environ::find(std::string_view name) const noexcept {
  const auto known = std::ranges::find(variables_, name, &Variables::value_type::first);
  return known != variables_.end() ? &known->second : nullptr;
}

void Environ::set(std::string_view name, Value value) {
  const auto known = std::ranges::find(variables_, name, &Variables::value_type::first);
  if (known != variables_.end()) {
    known->second = std::move(value);
  } else {
    variables_.emplace_back(name, std::move(value));
  }
}

void Environ::erase(std::string_view name) {
  std::erase_if(variables_, [name](const auto& variable) { return variable.first == name; });
}

}  // namespace thane::wsgi
