#include "tls_context.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "characters.hpp"

namespace thane::wsgi::internal {

namespace {

using File = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

// What is left for TLS 1.2 when all without forward secrecy or authenticated encryption is gone.
constexpr const char* default_ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20";

[[noreturn]] void fail(const std::string& option, const std::string& file,
                       const std::string& trouble) {
  ERR_clear_error();
  throw std::runtime_error(option + ": " + file + ": " + trouble);
}

// The last word of OpenSSL on what went wrong.
std::string openssl_reason() {
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  std::string text = reason != nullptr ? reason : "OpenSSL does not say why";
  ERR_clear_error();
  return text;
}

File open_file(const std::string& option, const std::string& path) {
  errno = 0;
  File file{BIO_new_file(path.c_str(), "r"), &BIO_free};
  if (!file) {
    fail(option, path, std::error_code(errno, std::generic_category()).message());
  }
  return file;
}

// An encrypted key has nobody to ask for its passphrase.
int note_encrypted(char*, int, int, void* flag) {
  *static_cast<bool*>(flag) = true;
  return 0;
}

Certificate read_certificate(const std::string& path) {
  const File file = open_file("cert_file", path);
  Certificate certificate{PEM_read_bio_X509_AUX(file.get(), nullptr, nullptr, nullptr), &X509_free};
  if (!certificate) fail("cert_file", path, "holds no certificate in the PEM format");
  if (X509_cmp_current_time(X509_get0_notAfter(certificate.get())) < 0) {
    fail("cert_file", path, "the certificate has expired");
  }
  return certificate;
}

Key read_key(const std::string& path) {
  const File file = open_file("key_file", path);
  bool encrypted = false;
  Key key{PEM_read_bio_PrivateKey(file.get(), nullptr, &note_encrypted, &encrypted),
          &EVP_PKEY_free};
  if (encrypted) {
    fail("key_file", path, "the key is encrypted; write it without a passphrase (openssl pkey)");
  }
  if (!key) fail("key_file", path, "holds no private key in the PEM format");
  return key;
}

int lowest_version(const std::string& name) {
  if (name.empty() || name == "SSLv23" || name == "TLSv1_2" || name == "TLSv1.2") {
    return TLS1_2_VERSION;
  }
  if (name == "TLSv1_3" || name == "TLSv1.3") return TLS1_3_VERSION;
  throw std::runtime_error("version: \"" + name +
                           "\" is not offered; say TLSv1_2 (the default) or TLSv1_3");
}

int verify_mode(const TlsSettings& settings) {
  const std::string& wanted = settings.client_cert;
  if (wanted.empty() ? settings.ca_file.empty() : wanted == "none") return SSL_VERIFY_NONE;
  if (settings.ca_file.empty()) {
    throw std::runtime_error("client_cert: \"" + wanted + "\" needs a ca_file to check against");
  }
  if (wanted.empty() || wanted == "required") {
    return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  }
  if (wanted == "optional") return SSL_VERIFY_PEER;
  throw std::runtime_error("client_cert: \"" + wanted +
                           "\" is none of \"none\", \"optional\" and \"required\"");
}

std::string to_lower_case(std::string_view text) {
  std::string lower{text};
  std::ranges::transform(lower, lower.begin(), [](char c) { return to_lower(c); });
  return lower;
}

// RFC 7301: what we speak, or an end with an alert.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned offered_size, void*) {
  static constexpr unsigned char ours[] = "\x08http/1.1\x08http/1.0";
  const int result = SSL_select_next_proto(const_cast<unsigned char**>(chosen), size, ours,
                                           sizeof ours - 1, offered, offered_size);
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// A session is resumed without another look at the client's certificate: not after a reload that
// has changed whose certificates are taken, or whether one is required.
void remember_clients_by(SSL_CTX* context, int mode, const File& authorities) {
  std::string all = std::to_string(mode) + ' ';
  std::array<char, 4096> octets;
  for (int size = 0;
       (size = BIO_read(authorities.get(), octets.data(), static_cast<int>(octets.size()))) > 0;) {
    all.append(octets.data(), static_cast<std::size_t>(size));
  }
  std::array<unsigned char, SSL_MAX_SID_CTX_LENGTH> digest{};
  unsigned size = 0;
  if (EVP_Digest(all.data(), all.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1 ||
      SSL_CTX_set_session_id_context(context, digest.data(), size) != 1) {
    throw std::runtime_error("no digest of the ca_file: " + openssl_reason());
  }
}

void set_rules(SSL_CTX* context, const TlsSettings& settings) {
  SSL_CTX_set_min_proto_version(context, lowest_version(settings.version));
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_security_level(context, 2);
  SSL_CTX_set_max_early_data(context, 0);  // What may be replayed is not for us to judge.
  SSL_CTX_set_dh_auto(context, 1);
  const std::string& ciphers = settings.ciphers;
  if (SSL_CTX_set_cipher_list(context, ciphers.empty() ? default_ciphers : ciphers.c_str()) != 1) {
    throw std::runtime_error("ciphers: \"" + ciphers + "\": " + openssl_reason());
  }
  // Sessions are kept by the clients, in tickets: workers have no memory in common.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>("thane"), 5);
  SSL_CTX_set_alpn_select_cb(context, &choose_protocol, nullptr);
}

}  // namespace

TlsContext::TlsContext(TlsSettings settings, const TlsTickets& tickets)
    : settings_(std::move(settings)), tickets_(tickets), default_(nullptr, &SSL_CTX_free) {
  if (settings_.cert_file.empty()) throw std::runtime_error("use_ssl needs a cert_file");
  if (!settings_.ca_file.empty()) files_.push_back(Stamp::of(settings_.ca_file));
  default_ = make(settings_.cert_file, settings_.key_file);
  add_names();
  SSL_CTX_set_tlsext_servername_callback(default_.get(), &TlsContext::choose_by_name);
  SSL_CTX_set_tlsext_servername_arg(default_.get(), this);
}

TlsContext::~TlsContext() = default;

TlsContext::Context TlsContext::make(const std::string& cert_file, const std::string& key_file) {
  const std::string& key_path = key_file.empty() ? cert_file : key_file;
  files_.push_back(Stamp::of(cert_file));
  files_.push_back(Stamp::of(key_path));
  Context context{SSL_CTX_new(TLS_server_method()), &SSL_CTX_free};
  if (!context) throw std::bad_alloc();
  set_rules(context.get(), settings_);
  tickets_.use_in(context.get());

  const Certificate certificate = read_certificate(cert_file);
  const Key key = read_key(key_path);
  if (SSL_CTX_use_certificate_chain_file(context.get(), cert_file.c_str()) != 1) {
    fail("cert_file", cert_file, openssl_reason());
  }
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    fail("key_file", key_path, "the key is not that of the certificate in " + cert_file);
  }
  if (SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1) {
    fail("key_file", key_path, openssl_reason());
  }
  verify_clients(context.get());
  return context;
}

void TlsContext::verify_clients(SSL_CTX* context) const {
  const int mode = verify_mode(settings_);
  SSL_CTX_set_verify(context, mode, nullptr);
  if (mode == SSL_VERIFY_NONE) return;
  remember_clients_by(context, mode, open_file("ca_file", settings_.ca_file));
  STACK_OF(X509_NAME)* const names = SSL_load_client_CA_file(settings_.ca_file.c_str());
  if (names == nullptr || SSL_CTX_load_verify_file(context, settings_.ca_file.c_str()) != 1) {
    sk_X509_NAME_pop_free(names, &X509_NAME_free);
    fail("ca_file", settings_.ca_file, "holds no certificate in the PEM format");
  }
  SSL_CTX_set_client_CA_list(context, names);
}

void TlsContext::add_names() {
  const auto& all = settings_.sni;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto equals = all[i].find('=');
    if (equals == 0 || equals == std::string::npos) {
      throw std::runtime_error("sni: \"" + all[i] + "\" is not of the form NAME=CERT,KEY");
    }
    const std::string cert_file = all[i].substr(equals + 1);
    const std::string name = to_lower_case(all[i].substr(0, equals));
    // A list is cut at its commas: the key is the next element.
    const bool has_key = i + 1 < all.size() && all[i + 1].find('=') == std::string::npos;
    by_name_.insert_or_assign(name, make(cert_file, has_key ? all[++i] : std::string{}));
  }
}

// The certificate of the name that the client asks for; else that of the nearest "*." or the usual.
int TlsContext::choose_by_name(SSL* connection, int*, void* self) {
  const auto& all = static_cast<TlsContext*>(self)->by_name_;
  const char* const asked = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name);
  if (asked == nullptr || all.empty()) return SSL_TLSEXT_ERR_NOACK;
  const std::string name = to_lower_case(asked);
  auto found = all.find(name);
  if (found == all.end() && name.find('.') != std::string::npos) {
    found = all.find("*" + name.substr(name.find('.')));
  }
  if (found == all.end()) return SSL_TLSEXT_ERR_NOACK;
  SSL_set_SSL_CTX(connection, found->second.get());
  return SSL_TLSEXT_ERR_OK;
}

bool TlsContext::is_still(const TlsSettings& settings) const {
  return settings == settings_ && std::ranges::all_of(files_, &Stamp::same);
}

TlsContext::Stamp TlsContext::Stamp::of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {path, 0, 0, 0, {}, errno == EACCES};
  return {path, status.st_dev, status.st_ino, status.st_size, status.st_mtim, false};
}

// Who may not look any more cannot tell.
bool TlsContext::Stamp::same() const {
  const Stamp now = of(path);
  if (now.forbidden) return true;
  return now.inode != 0 && now.device == device && now.inode == inode && now.size == size &&
         now.changed.tv_sec == changed.tv_sec && now.changed.tv_nsec == changed.tv_nsec;
}

SSL* TlsContext::new_connection() const {
  SSL* const connection = SSL_new(default_.get());
  if (connection == nullptr) throw std::bad_alloc();
  SSL_set_accept_state(connection);
  return connection;
}

}  // namespace thane::wsgi::internal
