// A Transport that speaks TLS over another one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <thane/internal/tls_engine.hpp>
#include <thane/wsgi/client_certificate.hpp>

#include "tls_context.hpp"
#include "transport.hpp"

namespace thane::wsgi::internal {

/// One connection's end of TLS. What is encrypted goes through memory: OpenSSL never sees the
/// socket, so that waiting, time limits and fibers are those of the transport below.
class TlsTransport final : public Transport {
 public:
  /// `below` outlives it; `context` need not.
  TlsTransport(Transport& below, const TlsContext& context);
  ~TlsTransport() override;

  /// False if the peer and we have found no way to talk; why() says why then, and the peer was
  /// told.
  [[nodiscard]] bool handshake();
  [[nodiscard]] const std::string& why() const noexcept { return why_; }
  /// What the client has shown, and OpenSSL found good; after the handshake.
  [[nodiscard]] std::optional<ClientCertificate> client_certificate() const;

  void expect(Waiting what) override { below_.expect(what); }
  [[nodiscard]] bool timed_out() const override { return below_.timed_out(); }
  [[nodiscard]] std::size_t read_some(char* to, std::size_t size) override;
  [[nodiscard]] std::optional<std::size_t> try_read(char* to, std::size_t size) override;
  void await_input() override;
  [[nodiscard]] bool write_all(std::string_view data) override;
  [[nodiscard]] bool secure() const noexcept override { return true; }
  void shutdown_send() override;
  void abort() override { below_.abort(); }

 private:
  using Result = thane::internal::TlsEngine::Result;

  enum class Fed : std::uint8_t { octets, nothing, end };
  Fed feed_what_came();
  bool send();
  void note_failure();

  Transport& below_;
  thane::internal::TlsEngine tls_;
  bool broken_ = false;  // Of a connection in this state nothing more can be said.
  std::string why_;
};

}  // namespace thane::wsgi::internal
