// A client that speaks TLS: one connection, blocking, and what there is to know about it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <openssl/ssl.h>

#include <thane/unique_fd.hpp>

namespace thane::testing {

struct TlsClientOptions {
  std::string authority = {};    ///< PEM file; empty: every certificate is taken.
  std::string certificate = {};  ///< PEM file of the client's own; empty: none.
  std::string key = {};
  std::string server_name = {};  ///< For SNI; empty: none is sent.
  int lowest = 0;                ///< TLS1_2_VERSION ...; 0: as OpenSSL has it.
  int highest = 0;
  std::string alpn = {};  ///< In the form of the wire: "\x08http/1.1".
  std::string ciphers = {};
  SSL_SESSION* session = nullptr;  ///< To be resumed.
  std::string early_data = {};     ///< With a session of TLS 1.3: sent before any answer.
};

/// Connects to 127.0.0.1 and shakes hands. Waits end after patience().
///
///     TlsClient client{port, {.authority = authority.certificate()}};
///     REQUIRE(client.connected());
///     client.send("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
///     CHECK(client.receive_to_end().starts_with("HTTP/1.1 200"));
class TlsClient {
 public:
  explicit TlsClient(std::uint16_t port, const TlsClientOptions& options = {});
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  [[nodiscard]] bool connected() const noexcept { return connected_; }
  bool send(std::string_view octets);
  /// Receives until `mark` has come, and leaves that for later; false if it does not come.
  bool await(std::string_view mark);
  /// What has come up to and with `mark`; all there is if it does not come.
  std::string receive_until(std::string_view mark);
  /// Up to the end; a connection that is refused after the handshake, as TLS 1.3 does it, gives
  /// nothing.
  std::string receive_to_end();
  /// Whether the server said that it has ended, before it did.
  [[nodiscard]] bool ended_with_close_notify() const noexcept { return close_notify_; }

  /// CN of the server's certificate.
  [[nodiscard]] std::string subject() const;
  [[nodiscard]] bool resumed() const { return SSL_session_reused(tls_.get()) == 1; }
  [[nodiscard]] std::string alpn() const;
  /// For another connection; after something was received, as TLS 1.3 sends it late.
  [[nodiscard]] std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)> session() const;
  [[nodiscard]] SSL* tls() noexcept { return tls_.get(); }
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

 private:
  bool receive_more();

  UniqueFd fd_;
  std::string buffer_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> tls_;
  bool connected_ = false;
  bool close_notify_ = false;
};

/// One GET over a connection of its own: the whole answer, empty if there is none.
[[nodiscard]] std::string https_get(std::uint16_t port, std::string_view path,
                                    const TlsClientOptions& options = {});

}  // namespace thane::testing
