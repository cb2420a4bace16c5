// Who gets in over TLS, what the application is told of them, and what those cost who do not.
#include <doctest/doctest.h>
#include <sys/socket.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "support/certificates.hpp"
#include "support/eventually.hpp"
#include "support/process_info.hpp"
#include "support/time_limit.hpp"
#include "support/tls_client.hpp"
#include "support/web.hpp"

using namespace thane::testing;

namespace {

struct Clients {
  Authority authority;
  CertificateFiles server = authority.issue("server");

  Web serve(int workers, std::vector<std::string> more) const {
    more.insert(more.end(), {"--web-use-ssl=true", "--web-cert-file", server.certificate,
                             "--web-key-file", server.key, "--web-wsgi-access-log=false"});
    return {PROGRAMS_DIR "/../contract/http_contract", workers, std::move(more)};
  }
  Web serve_with(std::string_view client_cert, int workers = 1) const {
    return serve(workers, {"--web-ca-file", authority.certificate(), "--web-client-cert",
                           std::string{client_cert}, "--log-level", "debug"});
  }
  TlsClientOptions as(const CertificateFiles& files, int version = 0) const {
    return {.authority = authority.certificate(),
            .certificate = files.certificate,
            .key = files.key,
            .lowest = version,
            .highest = version};
  }
};

nlohmann::json environ_of(const std::string& answer) {
  const auto at = answer.find("\r\n\r\n");
  return at == std::string::npos ? nlohmann::json::object()
                                 : nlohmann::json::parse(answer.substr(at + 4));
}

std::string text(const nlohmann::json& environ, const char* name) {
  return environ.value(name, std::string{"none"});
}

TEST_CASE_FIXTURE(Clients, "clients without a good certificate are refused, and the log says why") {
  const Authority stranger{"stranger"};
  CertificateFiles self_signed{stranger.directory.file("self.pem"),
                               stranger.directory.file("self.key")};
  run_openssl("req -x509 -nodes -newkey rsa:2048 -days 3 -subj /CN=mallory -keyout " +
              self_signed.key + " -out " + self_signed.certificate);
  struct Refused {
    CertificateFiles files;
    const char* reason;
  };
  const std::vector<Refused> refused{
      {self_signed, "certificate verify failed: self-signed certificate"},
      {stranger.issue("foreign"), "certificate verify failed: "},
      {authority.issue("expired", {.expired = true}),
       "certificate verify failed: certificate has expired"},
      {authority.issue("for-servers", {.usage = "serverAuth"}), "certificate verify failed: uns"},
  };
  const auto good = authority.issue("good");
  Web required = serve_with("required");
  Web optional = serve_with("optional");
  const std::string failed = "no TLS connection with 127.0.0.1: ";
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    CAPTURE(version);
    for (Web* const web : {&required, &optional}) {
      for (const Refused& one : refused) {
        CAPTURE(one.reason);
        CHECK(https_get(web->port, "/", as(one.files, version)).empty());
        web->parent.expect_line(failed + one.reason);
      }
      CHECK(https_get(web->port, "/", as(good, version)).starts_with("HTTP/1.1 200 "));
    }
    CHECK(https_get(required.port, "/", as({}, version)).empty());
    required.parent.expect_line(failed + "peer did not return a certificate");
    CHECK(https_get(optional.port, "/", as({}, version)).starts_with("HTTP/1.1 200 "));
  }
}

TEST_CASE_FIXTURE(Clients, "an application is told who has shown a certificate, resumed or not") {
  const Web web = serve_with("optional", 2);
  const auto alice = authority.issue("alice");
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    CAPTURE(version);
    TlsClientOptions options = as(alice, version);
    TlsClient first{web.port, options};
    const std::string get = "GET /_c/environ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    first.send(get);
    const auto shown = environ_of(first.receive_to_end());
    CHECK(text(shown, "HTTPS") == "on");
    CHECK(text(shown, "SSL_CLIENT_VERIFY") == "SUCCESS");
    CHECK(text(shown, "SSL_CLIENT_S_DN") == "CN=alice");
    CHECK(text(shown, "SSL_CLIENT_I_DN") == "CN=authority");
    CHECK(text(shown, "SSL_CLIENT_M_SERIAL").size() >= 16);

    const auto session = first.session();
    options.session = session.get();
    TlsClient again{web.port, options};
    again.send(get);
    CHECK(text(environ_of(again.receive_to_end()), "SSL_CLIENT_S_DN") == "CN=alice");
    CHECK(again.resumed());

    const auto unknown = environ_of(https_get(web.port, "/_c/environ", as({}, version)));
    CHECK(text(unknown, "SSL_CLIENT_VERIFY") == "NONE");
    CHECK(text(unknown, "SSL_CLIENT_S_DN") == "none");
  }
}

TEST_CASE_FIXTURE(Clients, "a request that comes as early data is not taken") {
  const Web web = serve(1, {});
  TlsClientOptions options = as({}, TLS1_3_VERSION);
  TlsClient first{web.port, options};
  first.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  CHECK_FALSE(first.receive_to_end().empty());
  const auto session = first.session();
  CHECK(SSL_SESSION_get_max_early_data(session.get()) == 0);

  options.session = session.get();
  options.early_data = "POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n";
  TlsClient second{web.port, options};
  REQUIRE(second.connected());
  CHECK(SSL_get_early_data_status(second.tls()) == SSL_EARLY_DATA_REJECTED);
  second.send("GET /late HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string answer = second.receive_to_end();
  CHECK(answer.find("\"path\":\"/late\"") != std::string::npos);
  CHECK(answer.find("/early") == std::string::npos);
}

// In the ways in which handshakes fail: no TLS, a peer that breaks off in the middle of its first
// message, one that refuses our certificate, one whose certificate we refuse.
void fail(const Clients& clients, std::uint16_t port, int times, const CertificateFiles& foreign) {
  for (int i = 0; i < times; ++i) {
    if (i % 4 < 2) {
      HttpClient garbage{port};
      garbage.send_raw(i % 4 == 0 ? std::string("\x16\x03\x01\x02", 4) : std::string(300, 'x'));
      const linger at_once{.l_onoff = 1, .l_linger = 0};
      ::setsockopt(garbage.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    } else if (i % 4 == 2) {
      CHECK_FALSE(TlsClient(port, {.authority = foreign.certificate}).connected());
    } else {
      CHECK_FALSE(TlsClient(port, clients.as(foreign, TLS1_2_VERSION)).connected());
    }
  }
}

TEST_CASE_FIXTURE(Clients,
                  "two thousand failed handshakes leave no descriptor and no memory behind") {
  const Authority stranger{"stranger"};
  const auto foreign = stranger.issue("foreign");
  const auto good = authority.issue("good");
  Web web = serve(1, {"--web-ca-file", authority.certificate()});
  const pid_t pid = web.parent.pid();
  const int times = sanitized ? 200 : 1000;
  fail(*this, web.port, times, foreign);
  const auto fds = open_fds(pid).size();
  const auto memory = std::stol(status_field(pid, "VmRSS"));
  fail(*this, web.port, times, foreign);
  CHECK(https_get(web.port, "/", as(good)).starts_with("HTTP/1.1 200 "));
  CHECK(eventually([&] { return open_fds(pid).size() <= fds + 1; }));
  if (!sanitized) CHECK(std::stol(status_field(pid, "VmRSS")) < memory + 512);
}

}  // namespace
