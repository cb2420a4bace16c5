// Certificates, and both ends of TLS connections, without a socket or a process.
#pragma once

#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include <thane/internal/tls_engine.hpp>

#include "support/temporary_directory.hpp"

namespace thane::testing {

using Session = std::shared_ptr<SSL_SESSION>;
using internal::TlsEngine;

enum class KeyKind { ec, rsa };

/// Writes a certificate that has signed itself, and its key behind it; returns the file.
inline std::string write_certificate(const TemporaryDirectory& folder, const std::string& name,
                                     KeyKind kind = KeyKind::ec) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{
      kind == KeyKind::ec ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048U), &EVP_PKEY_free};
  const std::unique_ptr<X509, decltype(&X509_free)> made{X509_new(), &X509_free};
  X509_set_version(made.get(), 2);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
  X509_set_pubkey(made.get(), key.get());
  X509_NAME* const subject = X509_get_subject_name(made.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(made.get(), subject);
  REQUIRE(X509_sign(made.get(), key.get(), EVP_sha256()) > 0);

  const std::unique_ptr<BIO, decltype(&BIO_free)> text{BIO_new(BIO_s_mem()), &BIO_free};
  PEM_write_bio_X509(text.get(), made.get());
  PEM_write_bio_PrivateKey(text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(text.get(), &data);
  return folder.write(name + ".pem", {data, static_cast<std::size_t>(size)});
}

struct ClientWords {
  int version = 0;          ///< 0: the highest of both.
  std::string server = {};  ///< The name that it asks for.
  std::string ciphers = {};
  std::string file = {};  ///< Its certificate, and its key.
  Session session = {};   ///< To be resumed.
};

/// A client that talks to the server's end of a connection, which it takes over.
class TlsTalk {
 public:
  explicit TlsTalk(SSL* server, const ClientWords& words = {})
      : context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free), server_(server) {
    if (words.version != 0) {
      SSL_CTX_set_min_proto_version(context_.get(), words.version);
      SSL_CTX_set_max_proto_version(context_.get(), words.version);
    }
    if (!words.ciphers.empty()) SSL_CTX_set_cipher_list(context_.get(), words.ciphers.c_str());
    if (!words.file.empty()) {
      SSL_CTX_use_certificate_chain_file(context_.get(), words.file.c_str());
      SSL_CTX_use_PrivateKey_file(context_.get(), words.file.c_str(), SSL_FILETYPE_PEM);
    }
    client_ = std::make_unique<TlsEngine>(SSL_new(context_.get()));
    SSL_set_connect_state(client());
    if (!words.server.empty()) SSL_set_tlsext_host_name(client(), words.server.c_str());
    if (words.session) SSL_set_session(client(), words.session.get());
    connected_ = shake_hands();
  }

  ~TlsTalk() {  // In good order: else OpenSSL takes the session for one that must not be resumed.
    SSL_set_shutdown(client(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_set_shutdown(server(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  }
  TlsTalk(const TlsTalk&) = delete;
  TlsTalk& operator=(const TlsTalk&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] bool resumed() const { return SSL_session_reused(client()) == 1; }
  [[nodiscard]] SSL* client() const { return client_->connection(); }
  [[nodiscard]] SSL* server() const { return server_.connection(); }
  [[nodiscard]] Session session() const { return {SSL_get1_session(client()), &SSL_SESSION_free}; }
  /// The CN of the certificate that the server has shown.
  [[nodiscard]] std::string subject() const {
    char text[100] = {};
    X509* const shown = SSL_get0_peer_certificate(client());
    if (shown == nullptr) return "none";
    X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName, text, sizeof text);
    return text;
  }

 private:
  bool shake_hands() {
    using Result = TlsEngine::Result;
    for (int i = 0; i < 6; ++i) {
      const Result asked = client_->handshake();
      pass(*client_, server_);
      const Result answered = server_.handshake();
      pass(server_, *client_);
      if (asked == Result::failed || answered == Result::failed) return false;
      if (asked != Result::done || answered != Result::done) continue;
      char octet = 0;
      std::size_t count = 0;
      (void)client_->read(&octet, 1, count);  // Tickets come behind the handshake.
      return true;
    }
    return false;
  }
  static void pass(TlsEngine& from, TlsEngine& to) {
    REQUIRE(to.feed(from.output()));
    from.clear_output();
  }

  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  TlsEngine server_;
  std::unique_ptr<TlsEngine> client_;
  bool connected_ = false;
};

}  // namespace thane::testing
