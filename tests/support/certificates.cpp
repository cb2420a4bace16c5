#include "certificates.hpp"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>

#include "process_info.hpp"

namespace thane::testing {

namespace {

std::string new_key(const std::string& kind) {
  return kind == "ec" ? "-newkey ec -pkeyopt ec_paramgen_curve:P-256" : "-newkey " + kind;
}

template <class Object>
using Owned = std::unique_ptr<Object, void (*)(Object*)>;

Owned<BIO> open(const std::string& path, const char* mode) {
  return {BIO_new_file(path.c_str(), mode), &BIO_free_all};
}

// openssl(1) makes none that has expired already.
void expire(const std::string& path, const std::string& key_path) {
  const Owned<X509> certificate{PEM_read_bio_X509(open(path, "r").get(), nullptr, nullptr, nullptr),
                                &X509_free};
  const Owned<EVP_PKEY> key{
      PEM_read_bio_PrivateKey(open(key_path, "r").get(), nullptr, nullptr, nullptr),
      &EVP_PKEY_free};
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -7200);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), -3600);
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  PEM_write_bio_X509(open(path, "w").get(), certificate.get());
}

}  // namespace

void run_openssl(const std::string& arguments) {
  // NOLINTNEXTLINE(cert-env33-c,bugprone-command-processor): a shell is what is wanted.
  if (std::system(("openssl " + arguments + " >/dev/null 2>&1").c_str()) != 0) {
    throw std::runtime_error("openssl " + arguments + " failed");
  }
}

Authority::Authority(std::string_view name)
    : certificate_(directory.file("authority.pem")), key_(directory.file("authority.key")) {
  run_openssl("req -x509 -nodes -days 30 " + new_key("ec") + " -subj /CN=" + std::string{name} +
              " -keyout " + key_ + " -out " + certificate_);
}

CertificateFiles Authority::issue(const std::string& name,
                                  const CertificateOptions& options) const {
  const CertificateFiles files{directory.file(name + ".pem"), directory.file(name + ".key")};
  const std::string request = directory.file(name + ".csr");
  run_openssl("req -nodes " + new_key(options.key) + " -subj /CN=" + name + " -keyout " +
              files.key + " -out " + request);
  std::string extensions = "subjectAltName=DNS:" + options.host + ",IP:127.0.0.1\n";
  if (!options.usage.empty()) extensions += "extendedKeyUsage=" + options.usage + "\n";
  run_openssl("x509 -req -in " + request + " -CA " + certificate_ + " -CAkey " + key_ +
              " -CAcreateserial -days 10 -extfile " + directory.write(name + ".ext", extensions) +
              " -out " + files.certificate);
  if (options.expired) expire(files.certificate, key_);
  directory.write(name + ".pem", read_text(files.certificate) + read_text(certificate_));
  return files;
}

}  // namespace thane::testing
