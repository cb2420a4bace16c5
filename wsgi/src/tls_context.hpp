// Certificates, keys and rules of a server that speaks TLS.
#pragma once

#include <sys/stat.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/ssl.h>

#include "tls_tickets.hpp"

namespace thane::wsgi::internal {

/// What the options of a server say of TLS; the names are theirs.
struct TlsSettings {
  std::string cert_file = {};
  std::string key_file = {};  ///< Empty: the key is in cert_file.
  std::string ca_file = {};
  /// "none", "optional", "required"; empty: required with a ca_file.
  std::string client_cert = {};
  std::string version = {};
  std::string ciphers = {};
  std::vector<std::string> sni = {};  ///< "NAME=CERT", and its key if it is not in CERT; and so on.

  friend bool operator==(const TlsSettings&, const TlsSettings&) = default;
};

/// Made in the parent, used by all workers. Everything that can be wrong with the files is found
/// here, and said in one sentence that names the file.
class TlsContext {
 public:
  /// Throws std::runtime_error. `tickets` outlives it.
  TlsContext(TlsSettings settings, const TlsTickets& tickets);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  /// Whether it would be the same if it were made anew of `settings`: the same words, and files
  /// that nobody has touched. Needs no right to read them.
  [[nodiscard]] bool is_still(const TlsSettings& settings) const;

  /// A connection's side of the server; freed by SSL_free(). Keeps what it needs alive.
  [[nodiscard]] SSL* new_connection() const;

 private:
  using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
  /// What tells that a file is another one than before.
  struct Stamp {
    std::string path;
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    timespec changed{};
    bool forbidden = false;

    static Stamp of(const std::string& path);
    [[nodiscard]] bool same() const;
  };

  Context make(const std::string& cert_file, const std::string& key_file);
  void add_names();
  void verify_clients(SSL_CTX* context) const;
  static int choose_by_name(SSL* connection, int* alert, void* self);

  TlsSettings settings_;
  const TlsTickets& tickets_;
  std::vector<Stamp> files_;
  Context default_;
  std::map<std::string, Context, std::less<>> by_name_;  // In lower case; "*.x" for all below x.
};

}  // namespace thane::wsgi::internal
