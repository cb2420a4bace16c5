#include "tls_stream.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <stdexcept>
#include <string_view>
#include <thane/internal/tls_engine.hpp>
#include <thane/semaphore.hpp>
#include <utility>

namespace thane::rpc::internal::rabbit {

namespace {

using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
using Engine = thane::internal::TlsEngine;
using Result = Engine::Result;

constexpr std::size_t read_size = 16 * 1024;
constexpr std::size_t max_gathered = 64 * 1024;

[[noreturn]] void fail(const char* option, const std::string& file) {
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  std::string text = file + ": " + (reason != nullptr ? reason : "OpenSSL does not say why");
  ERR_clear_error();
  throw tls_option_error(option, std::move(text));
}

struct Versions {
  std::string_view name;  // In lower case: Python takes any.
  int lowest;
  int highest;  // 0: whatever OpenSSL has.
};

constexpr std::array<Versions, 6> known_versions{{{"", TLS1_2_VERSION, 0},
                                                  {"sslv23", TLS1_2_VERSION, 0},
                                                  {"tlsv1", TLS1_VERSION, TLS1_VERSION},
                                                  {"tlsv1_1", TLS1_1_VERSION, TLS1_1_VERSION},
                                                  {"tlsv1_2", TLS1_2_VERSION, TLS1_2_VERSION},
                                                  {"tlsv1_3", TLS1_3_VERSION, TLS1_3_VERSION}}};

void limit_versions(SSL_CTX* context, const std::string& wanted) {
  std::string name = wanted;
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  std::ranges::replace(name, '.', '_');
  const auto* const found = std::ranges::find(known_versions, name, &Versions::name);
  if (found == known_versions.end()) {
    throw tls_option_error("ssl_version", "\"" + wanted +
                                              "\" is not offered; say TLSv1, TLSv1_1, TLSv1_2, "
                                              "TLSv1_3, or nothing for the best that both know");
  }
  if (SSL_CTX_set_min_proto_version(context, found->lowest) != 1 ||
      SSL_CTX_set_max_proto_version(context, found->highest) != 1) {
    fail("ssl_version", wanted);
  }
}

// Which algorithms may be used: a query to OpenSSL's providers, or null for all.
const char* algorithms(const RabbitOptions& options) {
  if (!options.ssl_enforce_fips_mode) return nullptr;
  if (OSSL_PROVIDER_available(nullptr, "fips") != 1 &&
      OSSL_PROVIDER_try_load(nullptr, "fips", 1) == nullptr) {
    fail("ssl_enforce_fips_mode", "OpenSSL has no FIPS provider here");
  }
  return "fips=yes";
}

void show_certificate(SSL_CTX* context, const RabbitOptions& options) {
  const std::string& certificate = options.ssl_cert_file;
  if (certificate.empty()) return;
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1) {
    fail("ssl_cert_file", certificate);
  }
  const std::string& key = options.ssl_key_file.empty() ? certificate : options.ssl_key_file;
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    fail("ssl_key_file", key);
  }
}

// Made for each connection: files that were renewed meanwhile count.
Context make_context(const RabbitOptions& options) {
  Context context{SSL_CTX_new_ex(nullptr, algorithms(options), TLS_client_method()), &SSL_CTX_free};
  if (!context) throw std::bad_alloc();
  limit_versions(context.get(), options.ssl_version);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  const std::string& authorities = options.ssl_ca_file;
  if (authorities.empty() ? SSL_CTX_set_default_verify_paths(context.get()) != 1
                          : SSL_CTX_load_verify_file(context.get(), authorities.c_str()) != 1) {
    fail("ssl_ca_file", authorities);
  }
  show_certificate(context.get(), options);
  return context;
}

bool is_address(const std::string& host) {
  in6_addr address{};
  return ::inet_pton(AF_INET, host.c_str(), &address) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

SSL* make_connection(const std::string& host, const RabbitOptions& options) {
  SSL* const connection = SSL_new(make_context(options).get());  // Keeps what it needs.
  if (connection == nullptr) throw std::bad_alloc();
  SSL_set_connect_state(connection);
  X509_VERIFY_PARAM* const wanted = SSL_get0_param(connection);
  if (is_address(host)) {
    if (options.ssl_enforce_hostname_verification) {
      X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str());
    }
    return connection;
  }
  SSL_set_tlsext_host_name(connection, host.c_str());
  if (options.ssl_enforce_hostname_verification) {
    X509_VERIFY_PARAM_set1_host(wanted, host.data(), host.size());
  }
  return connection;
}

class TlsStream final : public BrokerStream {
 public:
  TlsStream(Stream stream, SSL* connection)
      : stream_(std::move(stream)), engine_(connection), buffer_(read_size, '\0') {}

  void handshake() {
    for (;;) {
      const Result result = engine_.handshake();
      send();
      if (result == Result::done) return;
      if (result != Result::more) throw std::runtime_error("TLS: " + why());
      if (!receive()) throw std::runtime_error("TLS: the broker has closed the connection");
    }
  }

  std::size_t read_some(std::span<char> to) override {
    for (;;) {
      std::size_t count = 0;
      const Result result = engine_.read(to.data(), to.size(), count);
      send();  // An alert, or the answer to an update of keys.
      if (result == Result::done) return count;
      if (result == Result::failed) throw std::runtime_error("TLS: " + engine_.reason());
      if (result == Result::ended || !receive()) return 0;
    }
  }

  void write_all(std::string_view octets) override {
    while (!octets.empty()) {
      std::size_t count = 0;
      if (engine_.write(octets.substr(0, max_gathered), count) != Result::done) {
        throw std::runtime_error("TLS: " + engine_.reason());
      }
      octets.remove_prefix(count);
      send();
    }
  }

  void close() noexcept override { stream_.close(); }

 private:
  // The verdict on a certificate says more than "certificate verify failed".
  [[nodiscard]] std::string why() const {
    const long verdict = SSL_get_verify_result(engine_.connection());
    if (verdict == X509_V_OK) return engine_.reason();
    return std::string{"the broker's certificate is not trusted: "} +
           X509_verify_cert_error_string(verdict);
  }

  bool receive() {
    const std::size_t count = stream_.read_some(buffer_);
    return count > 0 && engine_.feed({buffer_.data(), count});
  }

  // The fiber that reads may have something to say while the one that writes is at it.
  void send() {
    if (engine_.output().empty()) return;
    const Semaphore::Permit permit{turn_};
    const std::string output{engine_.output()};
    engine_.clear_output();
    stream_.write_all(output);
  }

  Stream stream_;
  Engine engine_;
  Semaphore turn_{1};
  std::string buffer_;
};

}  // namespace

void check_tls(const RabbitOptions& options) {
  (void)make_context(options);
}

std::unique_ptr<BrokerStream> tls_connect(Stream stream, const std::string& host,
                                          const RabbitOptions& options) {
  auto connected = std::make_unique<TlsStream>(std::move(stream), make_connection(host, options));
  connected->handshake();
  return connected;
}

}  // namespace thane::rpc::internal::rabbit
