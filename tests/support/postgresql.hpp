// A private PostgreSQL for tests of the broker ring.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "certificates.hpp"
#include "child_process.hpp"
#include "temporary_directory.hpp"

namespace thane::testing {

/// A server of its own on the loopback, in a directory that is gone after the test; run as nobody
/// where the test is root, for it refuses that. It ends with the test, however that ends. Throws
/// std::runtime_error when it cannot be set up.
///
///     PostgreSql server;
///     const auto store = servicegroup::make_store(server.url());
class PostgreSql {
 public:
  PostgreSql();
  /// One that takes connections by TLS alone, and to template1 by a certificate of user thane.
  PostgreSql(const CertificateFiles& own, const Authority& of_clients);
  ~PostgreSql();
  PostgreSql(const PostgreSql&) = delete;
  PostgreSql& operator=(const PostgreSql&) = delete;

  [[nodiscard]] std::string url(const std::string& password = "it's") const;
  /// The same with these options of libpq: "sslmode=verify-full&sslrootcert=...".
  [[nodiscard]] std::string url_with(const std::string& options) const;
  /// To template1, without a password.
  [[nodiscard]] std::string url_by_certificate(const std::string& options) const;

  /// Cuts off who is connected.
  void stop();
  /// On the same port, with what was in it. On the main thread: the server ends with the thread
  /// that has started it.
  void start();
  /// It takes connections, as far as the kernel does that, and answers nobody.
  void freeze() const;
  void thaw() const;

 private:
  void make_data();
  void give_away(const std::string& path) const;

  TemporaryDirectory directory_;
  std::uint16_t port_;
  std::vector<std::string> more_arguments_;
  std::unique_ptr<ChildProcess> server_;
};

}  // namespace thane::testing
