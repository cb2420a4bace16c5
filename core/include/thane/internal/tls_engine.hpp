// TLS between octets: what comes from the peer goes in, what has to be sent comes out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct ssl_st;
struct bio_st;

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
  explicit TlsEngine(ssl_st* connection);
  ~TlsEngine();
  TlsEngine(const TlsEngine&) = delete;
  TlsEngine& operator=(const TlsEngine&) = delete;

  [[nodiscard]] Result handshake();
  /// Stores `count` octets of plain text, at least one if it is done.
  [[nodiscard]] Result read(char* to, std::size_t size, std::size_t& count);
  /// Takes the first `count` octets of `data`.
  [[nodiscard]] Result write(std::string_view data, std::size_t& count);
  /// Tells the peer that no more will come.
  void shutdown();

  /// False if there is no memory for it.
  [[nodiscard]] bool feed(std::string_view octets);
  /// To be sent; valid until the next call.
  [[nodiscard]] std::string_view output() const;
  void clear_output();

  /// OpenSSL's number and words for what failed.
  [[nodiscard]] unsigned long error() const noexcept { return error_; }
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }
  [[nodiscard]] ssl_st* connection() const noexcept { return connection_.get(); }

 private:
  Result result_of(int result);
  void note_failure();

  std::unique_ptr<ssl_st, void (*)(ssl_st*)> connection_;
  bio_st* incoming_;  // Both belong to connection_.
  bio_st* outgoing_;
  unsigned long error_ = 0;
  std::string reason_;
};

}  // namespace thane::internal
