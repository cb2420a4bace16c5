// Certificates for tests, made on the spot.
#pragma once

#include <string>
#include <string_view>

#include "temporary_directory.hpp"

namespace thane::testing {

/// What is asked for beside the usual: a key on a curve, ten days, for "localhost" and 127.0.0.1.
struct CertificateOptions {
  std::string host = "localhost";
  std::string key = "ec";  ///< "ec", or "rsa:BITS".
  std::string usage = {};  ///< extendedKeyUsage; empty: any.
  bool expired = false;
};

struct CertificateFiles {
  std::string certificate;  ///< With the authority's behind it.
  std::string key;
};

/// An authority that signs what it is asked to, with files in a directory of its own. Throws
/// std::runtime_error if openssl(1) fails.
///
///     const Authority authority;
///     const CertificateFiles server = authority.issue("server");
class Authority {
 public:
  explicit Authority(std::string_view name = "authority");

  [[nodiscard]] const std::string& certificate() const noexcept { return certificate_; }
  /// Files NAME.pem and NAME.key; subject CN=NAME.
  [[nodiscard]] CertificateFiles issue(const std::string& name,
                                       const CertificateOptions& options = {}) const;

  TemporaryDirectory directory;

 private:
  std::string certificate_;
  std::string key_;
};

/// Runs a command of openssl(1); throws std::runtime_error if it fails.
void run_openssl(const std::string& arguments);

}  // namespace thane::testing
