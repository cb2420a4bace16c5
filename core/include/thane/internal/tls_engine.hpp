// TLS between octets: what comes from the peer goes in, what has to be sent comes out.
//
// All in the header: core itself does not link OpenSSL, for that is a megabyte in each process.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <string_view>

namespace thane::internal {

/// One side of a connection, without I/O. After each call output() may have become longer, also by
/// an alert that says why it failed.
class TlsEngine {
 public:
  enum class Result : std::uint8_t {
    done,
    more,    ///< Octets of the peer are needed: feed() them and call again.
    ended,   ///< The peer has said that it sends no more.
    failed,  ///< See reason(); the connection is of no use any more.
  };

  /// Takes over what SSL_new() gave. Throws std::bad_alloc.
  explicit TlsEngine(SSL* connection)
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
  TlsEngine(const TlsEngine&) = delete;
  TlsEngine& operator=(const TlsEngine&) = delete;

  [[nodiscard]] Result handshake() {
    ERR_clear_error();
    return result_of(SSL_do_handshake(connection()));
  }
  /// Stores `count` octets of plain text, at least one if it is done.
  [[nodiscard]] Result read(char* to, std::size_t size, std::size_t& count) {
    ERR_clear_error();
    return result_of(SSL_read_ex(connection(), to, size, &count));
  }
  /// Takes the first `count` octets of `data`.
  [[nodiscard]] Result write(std::string_view data, std::size_t& count) {
    ERR_clear_error();
    return result_of(SSL_write_ex(connection(), data.data(), data.size(), &count));
  }
  /// Tells the peer that no more will come.
  void shutdown() {
    ERR_clear_error();
    (void)SSL_shutdown(connection());
  }

  /// False if there is no memory for it.
  [[nodiscard]] bool feed(std::string_view octets) {
    const auto size = static_cast<int>(octets.size());
    return BIO_write(incoming_, octets.data(), size) == size;
  }
  /// True if read() may find something without another feed(). A part of a record, which OpenSSL
  /// keeps and SSL_has_pending() counts, is nothing.
  [[nodiscard]] bool has_input() const {
    return SSL_pending(connection()) > 0 || BIO_ctrl_pending(incoming_) > 0;
  }
  /// To be sent; valid until the next call.
  [[nodiscard]] std::string_view output() const {
    char* data = nullptr;
    const long size = BIO_get_mem_data(outgoing_, &data);
    return size > 0 ? std::string_view{data, static_cast<std::size_t>(size)} : std::string_view{};
  }
  void clear_output() { (void)BIO_reset(outgoing_); }

  /// OpenSSL's number and words for what failed.
  [[nodiscard]] unsigned long error() const noexcept { return error_; }
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }
  [[nodiscard]] SSL* connection() const noexcept { return connection_.get(); }

 private:
  Result result_of(int result) {
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
    error_ = ERR_peek_error();
    const char* const reason = ERR_reason_error_string(error_);
    reason_ = reason != nullptr ? reason : "the peer broke the protocol";
    ERR_clear_error();
    return Result::failed;
  }

  std::unique_ptr<SSL, decltype(&SSL_free)> connection_;
  BIO* incoming_;  // Both belong to connection_.
  BIO* outgoing_;
  unsigned long error_ = 0;
  std::string reason_;
};

}  // namespace thane::internal
