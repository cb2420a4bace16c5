#include "tls_tickets.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <sys/mman.h>

#include <cstring>
#include <ctime>
#include <new>
#include <stdexcept>

namespace thane::wsgi::internal {

namespace {

constexpr std::int64_t period_seconds = 12 * 3600;
constexpr std::size_t page = 4096;

int index_in_context() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

}  // namespace

TlsTickets::TlsTickets(Clock clock)
    : clock_(clock), cipher_(EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr), &EVP_CIPHER_free) {
  if (!cipher_) throw std::runtime_error("OpenSSL has no cipher for session tickets");
  void* const memory =
      ::mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  static_assert(sizeof(Memory) <= page);
  memory_ = new (memory) Memory{.secret = {}, .period = -1, .keys = {}};
  // Neither is vital: both may be forbidden.
  (void)::mlock(memory, page);
  (void)::madvise(memory, page, MADV_DONTDUMP);
  if (RAND_priv_bytes(memory_->secret.data(), secret_size) != 1) {
    throw std::runtime_error("no random octets for the keys of session tickets");
  }
}

TlsTickets::~TlsTickets() {
  OPENSSL_cleanse(memory_, sizeof *memory_);
  ::munmap(memory_, page);
}

void TlsTickets::use_in(SSL_CTX* context) const {
  SSL_CTX_set_ex_data(context, index_in_context(), const_cast<TlsTickets*>(this));
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, &TlsTickets::handle);
}

std::int64_t TlsTickets::seconds_now() {
  return std::time(nullptr);
}

std::int64_t TlsTickets::current_period() const {
  return clock_() / period_seconds;
}

TlsTickets::Keys TlsTickets::make_keys(std::int64_t period) const {
  std::array<unsigned char, sizeof(Keys)> octets{};
  std::size_t at = 0;
  for (unsigned char block = 0; at < octets.size(); ++block) {
    std::array<unsigned char, sizeof period + 1> input{};
    std::memcpy(input.data(), &period, sizeof period);
    input.back() = block;
    std::array<unsigned char, 32> output{};
    unsigned size = 0;
    HMAC(EVP_sha256(), memory_->secret.data(), secret_size, input.data(), input.size(),
         output.data(), &size);
    const std::size_t used = std::min(output.size(), octets.size() - at);
    std::memcpy(octets.data() + at, output.data(), used);
    at += used;
  }
  Keys keys;
  static_assert(sizeof keys == sizeof octets);
  std::memcpy(&keys, octets.data(), sizeof keys);
  OPENSSL_cleanse(octets.data(), octets.size());
  return keys;
}

const TlsTickets::Keys& TlsTickets::current_keys(std::int64_t period) const {
  if (memory_->period != period) {
    memory_->keys = make_keys(period);
    memory_->period = period;
  }
  return memory_->keys;
}

// OpenSSL's callback: 0 is "no such ticket", 1 "use it", 2 "use it and give a new one".
int TlsTickets::handle(SSL* connection, unsigned char* name, unsigned char* iv,
                       EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int encrypt) {
  const auto& self = *static_cast<TlsTickets*>(
      SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), index_in_context()));
  const std::int64_t now = self.current_period();
  Keys chosen = self.current_keys(now);
  int result = 1;
  if (encrypt != 0) {
    std::memcpy(name, chosen.name.data(), chosen.name.size());
    if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(self.cipher_.get())) != 1) return -1;
  } else if (CRYPTO_memcmp(name, chosen.name.data(), chosen.name.size()) != 0) {
    chosen = self.make_keys(now - 1);
    if (CRYPTO_memcmp(name, chosen.name.data(), chosen.name.size()) != 0) return 0;
    result = 2;
  }
  char digest[] = "sha256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, chosen.mac.data(), chosen.mac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_END};
  const bool ready = EVP_CipherInit_ex(cipher, self.cipher_.get(), nullptr, chosen.cipher.data(),
                                       iv, encrypt) == 1 &&
                     EVP_MAC_CTX_set_params(mac, parameters) == 1;
  OPENSSL_cleanse(&chosen, sizeof chosen);
  return ready ? result : -1;
}

}  // namespace thane::wsgi::internal
