#include "tls_client.hpp"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <array>
#include <stdexcept>
#include <utility>

#include "http_client.hpp"

namespace thane::testing {

TlsClient::TlsClient(std::uint16_t port, const TlsClientOptions& options)
    : fd_(connect_to(port)),
      context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free),
      tls_(nullptr, &SSL_free) {
  SSL_CTX* const context = context_.get();
  SSL_CTX_set_min_proto_version(context, options.lowest);
  SSL_CTX_set_max_proto_version(context, options.highest);
  if (!options.ciphers.empty() || options.lowest != 0) {
    SSL_CTX_set_security_level(context, 0);  // It asks for what a server is to refuse.
  }
  if (!options.ciphers.empty() && SSL_CTX_set_cipher_list(context, options.ciphers.c_str()) != 1) {
    throw std::invalid_argument("no cipher suites: " + options.ciphers);
  }
  if (!options.authority.empty()) {
    SSL_CTX_load_verify_file(context, options.authority.c_str());
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  }
  if (!options.certificate.empty()) {
    SSL_CTX_use_certificate_chain_file(context, options.certificate.c_str());
    SSL_CTX_use_PrivateKey_file(context, options.key.c_str(), SSL_FILETYPE_PEM);
  }
  tls_.reset(SSL_new(context));
  if (!options.server_name.empty()) {
    SSL_set_tlsext_host_name(tls_.get(), options.server_name.c_str());
  }
  if (!options.alpn.empty()) {
    SSL_set_alpn_protos(tls_.get(), reinterpret_cast<const unsigned char*>(options.alpn.data()),
                        static_cast<unsigned>(options.alpn.size()));
  }
  if (options.session != nullptr) SSL_set_session(tls_.get(), options.session);
  SSL_set_fd(tls_.get(), fd());
  if (std::size_t sent = 0; !options.early_data.empty()) {
    SSL_SESSION_set_max_early_data(options.session, 65536);  // Whatever the server has allowed.
    SSL_write_early_data(tls_.get(), options.early_data.data(), options.early_data.size(), &sent);
  }
  connected_ = SSL_connect(tls_.get()) == 1;
  ERR_clear_error();
}

// A session that was not ended is one that OpenSSL will not resume.
TlsClient::~TlsClient() {
  SSL_set_shutdown(tls_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

bool TlsClient::send(std::string_view octets) {
  std::size_t sent = 0;
  return SSL_write_ex(tls_.get(), octets.data(), octets.size(), &sent) == 1;
}

bool TlsClient::receive_more() {
  std::array<char, 16384> octets;
  std::size_t size = 0;
  const int result = SSL_read_ex(tls_.get(), octets.data(), octets.size(), &size);
  if (result == 1) {
    buffer_.append(octets.data(), size);
    return true;
  }
  close_notify_ = SSL_get_error(tls_.get(), result) == SSL_ERROR_ZERO_RETURN;
  ERR_clear_error();
  return false;
}

bool TlsClient::await(std::string_view mark) {
  while (buffer_.find(mark) == std::string::npos) {
    if (!receive_more()) return false;
  }
  return true;
}

std::string TlsClient::receive_until(std::string_view mark) {
  if (!await(mark)) return std::exchange(buffer_, {});
  const std::size_t end = buffer_.find(mark) + mark.size();
  std::string taken = buffer_.substr(0, end);
  buffer_.erase(0, end);
  return taken;
}

std::string TlsClient::receive_to_end() {
  while (receive_more()) {
  }
  return std::exchange(buffer_, {});
}

std::string TlsClient::subject() const {
  X509* const certificate = SSL_get0_peer_certificate(tls_.get());
  if (certificate == nullptr) return {};
  std::array<char, 256> name{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(),
                            static_cast<int>(name.size()));
  return name.data();
}

std::string TlsClient::alpn() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(tls_.get(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)> TlsClient::session() const {
  return {SSL_get1_session(tls_.get()), &SSL_SESSION_free};
}

std::string https_get(std::uint16_t port, std::string_view path, const TlsClientOptions& options) {
  TlsClient client{port, options};
  if (!client.connected()) return {};
  client.send("GET " + std::string{path} + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  return client.receive_to_end();
}

}  // namespace thane::testing
