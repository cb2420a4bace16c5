#include "tls_transport.hpp"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>

namespace thane::wsgi::internal {

namespace {

// More than one record is encrypted before it is sent, but not a body of many megabytes.
constexpr std::size_t max_gathered = 65536;

// What `print` writes.
template <class Print>
std::string written(const Print& print) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> text{BIO_new(BIO_s_mem()), &BIO_free};
  print(text.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(text.get(), &data);
  return {data, static_cast<std::size_t>(std::max(size, 0L))};
}

void print_name(BIO* to, const X509_NAME* name) {
  X509_NAME_print_ex(to, name, 0,
                     XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
}

}  // namespace

TlsTransport::TlsTransport(Transport& below, const TlsContext& context)
    : below_(below), tls_(context.new_connection()) {}

TlsTransport::~TlsTransport() = default;

bool TlsTransport::handshake() {
  expect(Waiting::first);
  for (;;) {
    const Result result = tls_.handshake();
    if (result != Result::done && result != Result::more) note_failure();
    if (!send()) return false;
    if (result == Result::done) return true;
    if (broken_) return false;
    Fed fed = feed_what_came();
    while (fed == Fed::nothing) {
      below_.await_input();
      fed = feed_what_came();
    }
    if (fed == Fed::end) {
      if (why_.empty()) why_ = timed_out() ? "it took too long" : "the peer has gone";
      return false;
    }
  }
}

void TlsTransport::note_failure() {
  const auto code = tls_.error();
  why_ = tls_.reason();
  if (const long verdict = SSL_get_verify_result(tls_.connection()); verdict != X509_V_OK) {
    why_ += ": " + std::string{X509_verify_cert_error_string(verdict)};
  }
  broken_ = true;
  if (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_HTTP_REQUEST) {
    // It does not speak TLS: what OpenSSL would tell it, it would not understand.
    tls_.clear_output();
    (void)below_.write_all(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 33\r\n"
        "Connection: close\r\n\r\nThis port speaks HTTPS, not HTTP\n");
  }
}

std::optional<ClientCertificate> TlsTransport::client_certificate() const {
  X509* const certificate = SSL_get0_peer_certificate(tls_.connection());
  if (certificate == nullptr) return std::nullopt;
  return ClientCertificate{
      written([&](BIO* text) { print_name(text, X509_get_subject_name(certificate)); }),
      written([&](BIO* text) { print_name(text, X509_get_issuer_name(certificate)); }),
      written([&](BIO* text) { i2a_ASN1_INTEGER(text, X509_get0_serialNumber(certificate)); })};
}

std::size_t TlsTransport::read_some(char* to, std::size_t size) {
  for (;;) {
    if (const auto read = try_read(to, size)) return *read;
    below_.await_input();
  }
}

std::optional<std::size_t> TlsTransport::try_read(char* to, std::size_t size) {
  while (!broken_) {
    std::size_t count = 0;
    const Result result = tls_.read(to, size, count);
    if (result == Result::failed) note_failure();
    if (!send()) return 0;  // An alert, or the answer to an update of keys.
    if (result == Result::done) return count;
    if (result != Result::more) return 0;
    const Fed fed = feed_what_came();
    if (fed == Fed::nothing) return std::nullopt;
    if (fed == Fed::end) return 0;
  }
  return 0;
}

void TlsTransport::await_input() {
  if (!broken_ && !tls_.has_input()) below_.await_input();
}

bool TlsTransport::write_all(std::string_view data) {
  while (!data.empty()) {
    if (broken_) return false;
    std::size_t count = 0;
    if (tls_.write(data.substr(0, max_gathered), count) != Result::done) {
      note_failure();
      return false;
    }
    data.remove_prefix(count);
    if (!send()) return false;
  }
  return true;
}

void TlsTransport::shutdown_send() {
  if (!broken_) {
    tls_.shutdown();  // close_notify: the end is one, and not a cut.
    (void)send();
  }
  below_.shutdown_send();
}

// The octets lie on the stack, but not while it waits.
TlsTransport::Fed TlsTransport::feed_what_came() {
  std::array<char, 8192> octets;
  const auto count = below_.try_read(octets.data(), octets.size());
  if (!count) return Fed::nothing;
  return *count > 0 && tls_.feed({octets.data(), *count}) ? Fed::octets : Fed::end;
}

// What OpenSSL wants to be sent.
bool TlsTransport::send() {
  const std::string_view output = tls_.output();
  if (output.empty()) return true;
  const bool sent = below_.write_all(output);
  tls_.clear_output();
  if (!sent) broken_ = true;
  return sent;
}

}  // namespace thane::wsgi::internal
