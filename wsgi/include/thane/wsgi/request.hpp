// A request as an application sees it: head, body, and where it came from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <thane/wsgi/client_certificate.hpp>
#include <thane/wsgi/field.hpp>
#include <thane/wsgi/request_context.hpp>
#include <thane/wsgi/request_error.hpp>

namespace thane::wsgi {

namespace internal {
class BodyKeeper;
class BodySource;
struct RequestHead;
struct Surroundings;
}  // namespace internal

/// One HTTP request. Lives, as do all views it hands out, until its answer was sent: a stream that
/// the application returns may go on reading it. To be used on the fiber that the application was
/// called on. What routers and filters leave for the applications further in, such as
/// path_arg("id"), is in its RequestContext.
///
///     wsgi::Response echo(wsgi::Request& request) {
///       if (request.method() != "POST") return wsgi::Response{405};
///       return wsgi::Response::text(request.read_all());
///     }
class Request : public RequestContext {
 public:
  Request(const internal::RequestHead& head, internal::BodySource& body,
          const internal::Surroundings& surroundings);
  ~Request();
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  [[nodiscard]] std::string_view method() const noexcept;
  /// The target as sent.
  [[nodiscard]] std::string_view target() const noexcept;
  /// The path, percent-decoded once ("%2F" too, '+' stays); may hold any octet. "*" for OPTIONS *.
  /// For a mounted application, what is left of it behind script_name(): WSGI's PATH_INFO.
  [[nodiscard]] std::string_view path() const noexcept { return path_; }
  /// Where the application is mounted, decoded, without '/' at its end: WSGI's SCRIPT_NAME. Empty
  /// for one that has the server to itself.
  [[nodiscard]] std::string_view script_name() const noexcept { return script_name_; }
  /// Moves that many octets from path() to the end of script_name(). Throws std::out_of_range if
  /// there are fewer.
  void shift_path(std::size_t octets);
  /// For filters that know better, from a proxy's header say; do not change target() and headers().
  void set_path(std::string path);
  void set_script_name(std::string script_name);
  void set_authority(std::string authority);
  void set_peer_address(std::string address);
  void set_scheme(std::string scheme);
  /// The whole path as sent.
  [[nodiscard]] std::string_view raw_path() const noexcept;
  /// What follows '?', as sent; empty if nothing does.
  [[nodiscard]] std::string_view query() const noexcept;
  /// The first value of parameter `name` of the query, decoded as HTML forms encode it.
  [[nodiscard]] std::optional<std::string> query_parameter(std::string_view name) const;
  /// Host and port that the client asked for: of the target if it names one, else of Host.
  [[nodiscard]] std::string_view authority() const noexcept;
  /// 0 or 1, for HTTP/1.0 and HTTP/1.1.
  [[nodiscard]] int minor_version() const noexcept;

  /// All header fields in the order sent.
  [[nodiscard]] std::span<const Field> headers() const noexcept;
  /// The value of the first field with this name, in any case.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept;

  /// The peer's IP address as text; empty for a Unix socket.
  [[nodiscard]] std::string_view peer_address() const noexcept;
  /// Host and port (in decimal) that the server listens on; "localhost", "0" for a Unix socket.
  [[nodiscard]] std::string_view server_name() const noexcept;
  [[nodiscard]] std::string_view server_port() const noexcept;
  /// "https" if it came over TLS, else "http".
  [[nodiscard]] std::string_view scheme() const noexcept;
  /// Over TLS with `client_cert`; nullptr if the client has shown none.
  [[nodiscard]] const ClientCertificate* client_certificate() const noexcept;
  /// True once the server is to stop for good, not while workers are replaced: what tells a
  /// balancer whether to send more answers with 503 then. See `drain_delay` in docs/http.md.
  [[nodiscard]] bool draining() const noexcept;
  /// True if the request has a body, be it of no octets.
  [[nodiscard]] bool has_body() const noexcept;
  /// Its length, if the client said it in advance.
  [[nodiscard]] std::optional<std::uint64_t> content_length() const noexcept;

  /// The next octets of the body, without copying; empty at its end, and from then on. Valid until
  /// the next read. Blocks the fiber; sends "100 Continue" if the client waits for it. Throws
  /// request_error: 400 malformed or cut off, 408 if the client is too slow.
  [[nodiscard]] std::string_view read_some();

  /// Puts octets before what is still to be read: for filters that look into a body.
  void unread(std::string octets);
  /// Beyond so many more octets read_some() throws request_error with 413; the lowest limit counts.
  void limit_body(std::uint64_t octets);

  static constexpr std::size_t default_body_limit = 16 * 1024 * 1024;
  /// All of the body that was not read yet. Throws request_error with 413 beyond `limit` octets.
  [[nodiscard]] std::string read_all(std::size_t limit = default_body_limit);

 private:
  friend class internal::BodyKeeper;
  const internal::RequestHead& head_;
  internal::BodySource& body_;
  const internal::Surroundings& surroundings_;
  std::string decoded_path_;  // Empty unless the path holds a '%'.
  std::string_view path_;
  std::string_view script_name_;
  struct Changes;
  std::unique_ptr<Changes> changes_;
};

}  // namespace thane::wsgi
