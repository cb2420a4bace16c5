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
  TlsTickets();
  ~TlsTickets();
  TlsTickets(const TlsTickets&) = delete;
  TlsTickets& operator=(const TlsTickets&) = delete;

  /// `context` uses them from now on; this outlives it.
  void use_in(SSL_CTX* context) const;

 private:
  struct Keys {
    std::array<unsigned char, 16> name;
    std::array<unsigned char, 32> cipher;
    std::array<unsigned char, 32> mac;
  };
  static constexpr std::size_t secret_size = 32;
  struct Memory {
    std::array<unsigned char, secret_size> secret;
    // The last that were made: to make them for each ticket was a fortieth of a handshake.
    std::int64_t period;
    Keys keys;
  };

  static int handle(SSL* connection, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                    EVP_MAC_CTX* mac, int encrypt);
  [[nodiscard]] Keys make_keys(std::int64_t period) const;
  [[nodiscard]] const Keys& current_keys(std::int64_t period) const;

  Memory* memory_;
  std::unique_ptr<EVP_CIPHER, void (*)(EVP_CIPHER*)> cipher_;
};

}  // namespace thane::wsgi::internal
