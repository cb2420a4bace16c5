#include <thane/internal/tls_engine.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <new>

namespace thane::internal {

TlsEngine::TlsEngine(ssl_st* connection)
    : connection_(connection, &SSL_free),
      incoming_(BIO_new(BIO_s_mem())),
      outgoing_(BIO_new(BIO_s_mem())) {
  if (connection == nullptr || incoming_ == nullptr || outgoing_ == nullptr) {
    BIO_free(incoming_);
    BIO_free(outgoing_);
    throw std::bad_alloc();
  }
  BIO_set_mem_eof_return(incoming_, -1);  // Empty is not the end.
  SSL_set_bio(connection, incoming_, outgoing_);
}

TlsEngine::~TlsEngine() = default;

TlsEngine::Result TlsEngine::handshake() {
  ERR_clear_error();
  return result_of(SSL_do_handshake(connection()));
}

TlsEngine::Result TlsEngine::read(char* to, std::size_t size, std::size_t& count) {
  ERR_clear_error();
  return result_of(SSL_read_ex(connection(), to, size, &count));
}

TlsEngine::Result TlsEngine::write(std::string_view data, std::size_t& count) {
  ERR_clear_error();
  return result_of(SSL_write_ex(connection(), data.data(), data.size(), &count));
}

void TlsEngine::shutdown() {
  ERR_clear_error();
  (void)SSL_shutdown(connection());
}

TlsEngine::Result TlsEngine::result_of(int result) {
  if (result == 1) return Result::done;
  switch (SSL_get_error(connection(), result)) {
    case SSL_ERROR_WANT_READ:
      return Result::more;
    case SSL_ERROR_ZERO_RETURN:
      reason_ = "the peer has ended it";
      return Result::ended;
    default:
      break;
  }
  note_failure();
  return Result::failed;
}

void TlsEngine::note_failure() {
  error_ = ERR_peek_error();
  const char* const reason = ERR_reason_error_string(error_);
  reason_ = reason != nullptr ? reason : "the peer broke the protocol";
  ERR_clear_error();
}

bool TlsEngine::feed(std::string_view octets) {
  const auto size = static_cast<int>(octets.size());
  return BIO_write(incoming_, octets.data(), size) == size;
}

std::string_view TlsEngine::output() const {
  char* data = nullptr;
  const long size = BIO_get_mem_data(outgoing_, &data);
  return size > 0 ? std::string_view{data, static_cast<std::size_t>(size)} : std::string_view{};
}

void TlsEngine::clear_output() {
  (void)BIO_reset(outgoing_);
}

}  // namespace thane::internal
