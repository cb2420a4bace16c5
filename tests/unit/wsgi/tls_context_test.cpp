#include "tls_context.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "tls_world.hpp"

using namespace thane::testing;
using thane::wsgi::internal::TlsContext;
using thane::wsgi::internal::TlsSettings;
using thane::wsgi::internal::TlsTickets;

namespace {

struct Files {
  TemporaryDirectory folder;
  TlsTickets tickets;
  std::string server = write_certificate(folder, "server");
  std::string client = write_certificate(folder, "client");  // Is its own authority.
};

void set_time(const std::string& path, std::time_t seconds) {
  const timespec times[2] = {{seconds, 0}, {seconds, 0}};
  REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

std::string copy_of(const std::string& path, const std::string& to) {
  std::filesystem::copy(path, to, std::filesystem::copy_options::overwrite_existing);
  return to;
}

TEST_CASE_FIXTURE(Files, "a file that was touched, replaced or removed makes it another one") {
  const auto key = copy_of(server, folder.file("key.pem"));
  const auto authority = copy_of(client, folder.file("authority.pem"));
  const auto named = copy_of(server, folder.file("named.pem"));
  const TlsSettings settings{
      .cert_file = server, .key_file = key, .ca_file = authority, .sni = {"a.example=" + named}};
  for (const auto& path : {server, key, authority, named}) {
    CAPTURE(path);
    set_time(path, 1000);
    const TlsContext context{settings, tickets};
    CHECK(context.is_still(settings));
    set_time(path, 1001);
    CHECK_FALSE(context.is_still(settings));
    set_time(path, 1000);
    CHECK(context.is_still(settings));

    std::filesystem::rename(path, path + ".old");
    CHECK_FALSE(context.is_still(settings));
    copy_of(path + ".old", path);  // As large as before, and as old, as `cp -p` and tar make them.
    set_time(path, 1000);
    CHECK_FALSE(context.is_still(settings));
    std::filesystem::rename(path + ".old", path);
    CHECK(context.is_still(settings));
  }
}

TEST_CASE_FIXTURE(Files, "other words make it another one") {
  const TlsContext context{{.cert_file = server}, tickets};
  CHECK(context.is_still({.cert_file = server}));
  CHECK_FALSE(context.is_still({.cert_file = server, .version = "TLSv1_3"}));
}

TEST_CASE_FIXTURE(Files, "names are compared without case, on both sides") {
  const auto other = write_certificate(folder, "other");
  const TlsContext context{{.cert_file = server, .sni = {"Other.Example=" + other}}, tickets};
  CHECK(TlsTalk(context.new_connection(), {.server = "oTHER.example"}).subject() == "other");
  CHECK(TlsTalk(context.new_connection(), {.server = "an.other.example"}).subject() == "server");
}

TEST_CASE_FIXTURE(Files, "a client is told whose certificates are taken") {
  const TlsContext context{{.cert_file = server, .ca_file = client}, tickets};
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    CAPTURE(version);
    const TlsTalk talk{context.new_connection(), {.version = version, .file = client}};
    CHECK(talk.connected());
    const auto* const names = SSL_get0_peer_CA_list(talk.client());
    REQUIRE(sk_X509_NAME_num(names) == 1);
    CHECK_FALSE(TlsTalk(context.new_connection(), {.version = version}).connected());
  }
}

TEST_CASE_FIXTURE(Files, "a session without a certificate is not resumed where one is required") {
  const TlsContext lax{{.cert_file = server, .ca_file = client, .client_cert = "optional"},
                       tickets};
  const TlsContext strict{{.cert_file = server, .ca_file = client}, tickets};
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    CAPTURE(version);
    ClientWords words{.version = version};
    const TlsTalk first{lax.new_connection(), words};
    words.session = first.session();
    CHECK(TlsTalk(lax.new_connection(), words).resumed());
    CHECK_FALSE(TlsTalk(strict.new_connection(), words).connected());
  }
}

TEST_CASE_FIXTURE(Files, "a session of one who was not asked is not one of who is") {
  const TlsContext before{{.cert_file = server}, tickets};
  const TlsContext after{{.cert_file = server, .ca_file = client, .client_cert = "optional"},
                         tickets};
  ClientWords words{.version = TLS1_2_VERSION, .file = client};
  const TlsTalk first{before.new_connection(), words};
  words.session = first.session();
  CHECK(TlsTalk(before.new_connection(), words).resumed());
  CHECK_FALSE(TlsTalk(after.new_connection(), words).resumed());
}

TEST_CASE_FIXTURE(Files, "a certificate of RSA has DHE for clients without elliptic curves") {
  const TlsContext context{{.cert_file = write_certificate(folder, "rsa", KeyKind::rsa)}, tickets};
  const TlsTalk talk{context.new_connection(),
                     {.version = TLS1_2_VERSION, .ciphers = "DHE-RSA-AES256-GCM-SHA384"}};
  CHECK(talk.connected());
  const TlsTalk old{context.new_connection(),
                    {.version = TLS1_2_VERSION, .ciphers = "DHE-RSA-AES256-SHA256"}};
  CHECK_FALSE(old.connected());
}

TEST_CASE_FIXTURE(Files, "an idle connection keeps no buffers of OpenSSL's") {
  const TlsContext context{{.cert_file = server}, tickets};
  const TlsTalk talk{context.new_connection()};
  CHECK((SSL_get_mode(talk.server()) & SSL_MODE_RELEASE_BUFFERS) != 0);
}

}  // namespace
