// Keys of TLS session tickets that all workers of a server agree on, without talking.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include <openssl/ssl.h>

namespace thane::wsgi::internal {

/// A secret made in the parent, before the first fork: every worker, of every generation, makes the
/// same keys of it, so that a client resumes its session wherever its next connection ends up.
/// Keys change every twelve hours (those of the time before are accepted still): who gets to know
/// one of them reads no older sessions. Kept in memory that is not dumped, nor written to a swap.
class TlsTickets {
 public:
  using Clock = std::int64_t (*)();  ///< Seconds; those of std::time() for all but tests.

  struct Keys {
    std::array<unsigned char, 16> name;  ///< The client is told.
    std::array<unsigned char, 32> cipher;
    std::array<unsigned char, 32> mac;
  };

  explicit TlsTickets(Clock clock = &seconds_now);
  ~TlsTickets();
  TlsTickets(const TlsTickets&) = delete;
  TlsTickets& operator=(const TlsTickets&) = delete;

  /// `context` uses them from now on; this outlives it.
  void use_in(SSL_CTX* context) const;

  /// Those of a time of twelve hours, which are counted.
  [[nodiscard]] Keys make_keys(std::int64_t period) const;

 private:
  static constexpr std::size_t secret_size = 32;
  struct Memory {
    std::array<unsigned char, secret_size> secret;
    // The last that were made: to make them for each ticket was a fortieth of a handshake.
    std::int64_t period;
    Keys keys;
  };

  static int handle(SSL* connection, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                    EVP_MAC_CTX* mac, int encrypt);
  static std::int64_t seconds_now();
  [[nodiscard]] std::int64_t current_period() const;
  [[nodiscard]] const Keys& current_keys(std::int64_t period) const;

  Clock clock_;
  Memory* memory_;
  std::unique_ptr<EVP_CIPHER, void (*)(EVP_CIPHER*)> cipher_;
};

}  // namespace thane::wsgi::internal
