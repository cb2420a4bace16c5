// What a WSGI application is called with: the variables of PEP 3333, and the body as a file.
#pragma once

#include <any>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <thane/wsgi/input.hpp>

namespace thane::wsgi {

class Request;

/// wsgi.errors: lines for people.
class ErrorStream {
 public:
  /// Each line goes to the log, at level error; what has no end yet waits for it, or for flush().
  void write(std::string_view text);
  void flush();
  ~ErrorStream() { flush(); }
  ErrorStream() = default;
  ErrorStream(const ErrorStream&) = delete;
  ErrorStream& operator=(const ErrorStream&) = delete;

 private:
  std::string line_;
};

/// The environ of PEP 3333, in the order in which it was filled. Strings hold octets as the client
/// sent them: what Python shows as latin-1.
///
///     REQUEST_METHOD SCRIPT_NAME PATH_INFO QUERY_STRING CONTENT_TYPE CONTENT_LENGTH SERVER_NAME
///     SERVER_PORT SERVER_PROTOCOL REMOTE_ADDR HTTP_* wsgi.version wsgi.url_scheme wsgi.multithread
///     wsgi.multiprocess wsgi.run_once wsgi.input_terminated
///     wsgi.file_wrapper     FileWrapper, whose other form is wrap_file()
///     wsgiorg.routing_args  RouteArguments, behind a router; routes.route: its RouteMatch
///     HTTPS SSL_CLIENT_VERIFY SSL_CLIENT_S_DN SSL_CLIENT_I_DN SSL_CLIENT_M_SERIAL  over TLS,
///     with mod_ssl's meaning: "on", "SUCCESS" or "NONE", and what the client's certificate says
///
/// and, behind basic_auth(), REMOTE_USER, AUTH_TYPE, HTTP_X_USER and HTTP_X_USER_NAME.
///
/// A field that comes several times is joined by commas. Fields whose names hold an underscore, and
/// Proxy, are left out: they would pass for others. Lives as long as the request is answered, body
/// included.
class Environ {
 public:
  using Value = std::variant<std::string, bool, std::array<int, 2>, std::any>;
  using Variables = std::vector<std::pair<std::string, Value>>;

  /// Of a request, which outlives it.
  explicit Environ(Request& request);
  Environ(const Environ&) = delete;
  Environ& operator=(const Environ&) = delete;

  /// The text of a variable; empty if there is none, or if it is no text.
  [[nodiscard]] std::string_view get(std::string_view name) const noexcept;
  /// Null if there is none.
  [[nodiscard]] const Value* find(std::string_view name) const noexcept;
  /// What a variable holds that is neither text nor flag; nullptr if there is none, or it is of
  /// another type than T.
  template <class T>
  [[nodiscard]] const T* object(std::string_view name) const noexcept {
    const Value* const value = find(name);
    return value != nullptr ? std::any_cast<T>(std::get_if<std::any>(value)) : nullptr;
  }
  void set(std::string_view name, Value value);
  void set(std::string_view name, std::string text) { set(name, Value{std::move(text)}); }
  void erase(std::string_view name);

  [[nodiscard]] const Variables& all() const noexcept { return variables_; }
  [[nodiscard]] Input& input() noexcept { return input_; }
  [[nodiscard]] ErrorStream& errors() noexcept { return errors_; }

 private:
  void add_field(std::string_view name, std::string_view value);
  void add_user(const std::string& user);
  void add_tls(const Request& request);

  Variables variables_;
  Input input_;
  ErrorStream errors_;
};

}  // namespace thane::wsgi
