#include "tls_transport.hpp"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <new>

namespace thane::wsgi::internal {

namespace {

// More than one record is encrypted before it is sent, but not a body of many megabytes.
constexpr std::size_t max_gathered = 65536;

}  // namespace

TlsTransport::TlsTransport(Transport& below, const TlsContext& context)
    : below_(below),
      tls_(context.new_connection(), &SSL_free),
      incoming_(BIO_new(BIO_s_mem())),
      outgoing_(BIO_new(BIO_s_mem())) {
  if (incoming_ == nullptr || outgoing_ == nullptr) {
    BIO_free(incoming_);
    BIO_free(outgoing_);
    throw std::bad_alloc();
  }
  BIO_set_mem_eof_return(incoming_, -1);  // Empty is not the end.
  SSL_set_bio(tls_.get(), incoming_, outgoing_);
}

TlsTransport::~TlsTransport() = default;

bool TlsTransport::handshake() {
  expect(Waiting::first);
  for (;;) {
    ERR_clear_error();
    const int result = SSL_do_handshake(tls_.get());
    const int error = SSL_get_error(tls_.get(), result);
    if (result != 1 && error != SSL_ERROR_WANT_READ) note_failure();
    if (!send()) return false;
    if (result == 1) return true;
    if (broken_) return false;
    if (!receive()) {
      if (why_.empty()) why_ = timed_out() ? "it took too long" : "the peer has gone";
      return false;
    }
  }
}

void TlsTransport::note_failure() {
  const auto code = ERR_peek_error();
  const char* const reason = ERR_reason_error_string(code);
  why_ = reason != nullptr ? reason : "the peer broke the protocol";
  broken_ = true;
  if (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_HTTP_REQUEST) {
    // It does not speak TLS: what OpenSSL would tell it, it would not understand.
    (void)BIO_reset(outgoing_);
    constexpr std::string_view answer =
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 33\r\n"
        "Connection: close\r\n\r\nThis port speaks HTTPS, not HTTP\n";
    BIO_write(outgoing_, answer.data(), static_cast<int>(answer.size()));
  }
  ERR_clear_error();
}

std::string TlsTransport::client_subject() const {
  X509* const certificate = SSL_get0_peer_certificate(tls_.get());
  if (certificate == nullptr) return {};
  const std::unique_ptr<BIO, decltype(&BIO_free)> text{BIO_new(BIO_s_mem()), &BIO_free};
  X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate), 0,
                     XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  char* data = nullptr;
  const long size = BIO_get_mem_data(text.get(), &data);
  return {data, static_cast<std::size_t>(std::max(size, 0L))};
}

std::size_t TlsTransport::read_some(char* to, std::size_t size) {
  while (!broken_) {
    std::size_t count = 0;
    ERR_clear_error();
    const int result = SSL_read_ex(tls_.get(), to, size, &count);
    const int error = SSL_get_error(tls_.get(), result);
    if (result != 1 && error != SSL_ERROR_WANT_READ && error != SSL_ERROR_ZERO_RETURN) {
      note_failure();
    }
    if (!send()) return 0;  // An alert, or the answer to an update of keys.
    if (result == 1) return count;
    if (error != SSL_ERROR_WANT_READ || !receive()) return 0;
  }
  return 0;
}

bool TlsTransport::write_all(std::string_view data) {
  while (!data.empty()) {
    if (broken_) return false;
    const std::string_view part = data.substr(0, max_gathered);
    std::size_t count = 0;
    ERR_clear_error();
    if (SSL_write_ex(tls_.get(), part.data(), part.size(), &count) != 1) {
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
    ERR_clear_error();
    (void)SSL_shutdown(tls_.get());  // close_notify: the end is one, and not a cut.
    (void)send();
  }
  below_.shutdown_send();
}

// The next octets from the peer; false at the end.
bool TlsTransport::receive() {
  std::array<char, 8192> octets;
  const std::size_t count = below_.read_some(octets.data(), octets.size());
  if (count == 0) return false;
  return BIO_write(incoming_, octets.data(), static_cast<int>(count)) == static_cast<int>(count);
}

// What OpenSSL wants to be sent.
bool TlsTransport::send() {
  char* data = nullptr;
  const long size = BIO_get_mem_data(outgoing_, &data);
  if (size <= 0) return true;
  const bool sent = below_.write_all({data, static_cast<std::size_t>(size)});
  (void)BIO_reset(outgoing_);
  if (!sent) broken_ = true;
  return sent;
}

}  // namespace thane::wsgi::internal
