// HTTPS as a client sees it: versions, certificates of both sides, names, sessions, reload.
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/certificates.hpp"
#include "support/eventually.hpp"
#include "support/http_contract.hpp"
#include "support/process_info.hpp"
#include "support/tls_client.hpp"
#include "support/web.hpp"
#include "support/workers.hpp"

using namespace std::chrono_literals;
using namespace thane::testing;

namespace {

std::vector<std::string> with(const CertificateFiles& files, std::vector<std::string> more = {}) {
  more.insert(more.end(), {"--web-use-ssl=true", "--web-cert-file", files.certificate,
                           "--web-key-file", files.key, "--web-wsgi-access-log=false"});
  return more;
}

bool is_ok(const std::string& answer) {
  return answer.starts_with("HTTP/1.1 200 ");
}

/// An authority, a certificate that it gave, and a server that shows it.
struct Secured {
  explicit Secured(std::vector<std::string> more = {}, int workers = 1)
      : web(http_contract, workers, with(files, std::move(more))) {}

  [[nodiscard]] TlsClientOptions trusting() const { return {.authority = authority.certificate()}; }

  Authority authority;
  CertificateFiles files = authority.issue("server");
  Web web;
};

TEST_CASE("TLS 1.2 and 1.3 are spoken, the chain verifies, and the end is announced") {
  Secured secured;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    CAPTURE(version);
    TlsClientOptions options = secured.trusting();
    options.lowest = options.highest = version;
    TlsClient client{secured.web.port, options};
    REQUIRE(client.connected());
    client.send("GET /_c/environ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    const std::string answer = client.receive_to_end();
    CHECK(is_ok(answer));
    CHECK(answer.find("\"wsgi.url_scheme\":\"https\"") != std::string::npos);
    CHECK(client.ended_with_close_notify());
  }
}

TEST_CASE("a target in full may say https, as its connection is secured") {
  Secured secured;
  TlsClient client{secured.web.port, secured.trusting()};
  client.send("GET https://h/_c/environ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  CHECK(is_ok(client.receive_to_end()));
}

TEST_CASE("old versions and weak suites are refused") {
  Secured secured;
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    const TlsClient old{secured.web.port, {.lowest = version, .highest = version}};
    CHECK_FALSE(old.connected());
  }
  for (const char* const ciphers : {"aNULL", "eNULL", "kRSA", "ECDHE-ECDSA-AES128-SHA"}) {
    CAPTURE(ciphers);
    const TlsClient weak{secured.web.port,
                         {.lowest = TLS1_2_VERSION, .highest = TLS1_2_VERSION, .ciphers = ciphers}};
    CHECK_FALSE(weak.connected());
  }
}

TEST_CASE("the lowest version and the suites are options, and bad ones end the start") {
  const Secured only_new{{"--web-version", "TLSv1_3"}};
  CHECK_FALSE(TlsClient(only_new.web.port, {.highest = TLS1_2_VERSION}).connected());
  CHECK(TlsClient(only_new.web.port, {.lowest = TLS1_3_VERSION}).connected());

  const Secured one_suite{{"--web-ciphers", "ECDHE-ECDSA-AES256-GCM-SHA384"}};
  TlsClientOptions other{.highest = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"};
  CHECK_FALSE(TlsClient(one_suite.web.port, other).connected());
  other.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384";
  CHECK(TlsClient(one_suite.web.port, other).connected());
}

TEST_CASE("ALPN is http/1.1, and never what we do not speak") {
  Secured secured;
  TlsClient client{secured.web.port, {.alpn = "\x02h2\x08http/1.1"}};
  CHECK(client.connected());
  CHECK(client.alpn() == "http/1.1");
  CHECK_FALSE(TlsClient(secured.web.port, {.alpn = "\x02h2"}).connected());
  CHECK(TlsClient(secured.web.port).alpn().empty());
}

TEST_CASE("the name that a client asks for chooses the certificate") {
  const Authority authority;
  const auto usual = authority.issue("usual");
  const auto other = authority.issue("other", {.host = "other.example"});
  const auto below = authority.issue("below", {.host = "*.below.example"});
  const Web web{
      http_contract, 1,
      with(usual, {"--web-sni", "other.example=" + other.certificate + "," + other.key, "--web-sni",
                   "*.below.example=" + below.certificate + "," + below.key})};
  const auto shown = [&](const std::string& name) {
    return TlsClient(web.port, {.authority = authority.certificate(), .server_name = name})
        .subject();
  };
  CHECK(shown("") == "usual");
  CHECK(shown("unknown.example") == "usual");
  CHECK(shown("other.example") == "other");
  CHECK(shown("OTHER.example") == "other");
  CHECK(shown("a.below.example") == "below");
  CHECK(shown("a.b.below.example") == "usual");
}

TEST_CASE("a session is resumed by another worker, and by one of the next generation") {
  Secured secured{{}, 2};
  const auto workers = children_of(secured.web.parent.pid());
  REQUIRE(workers.size() == 2);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    CAPTURE(version);
    TlsClientOptions options = secured.trusting();
    options.lowest = options.highest = version;
    TlsClient first{secured.web.port, options};
    first.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    CHECK(is_ok(first.receive_to_end()));
    const auto session = first.session();
    options.session = session.get();
    for (int i = 0; i < 6; ++i) CHECK(TlsClient(secured.web.port, options).resumed());
    secured.web.parent.signal(SIGHUP);
    secured.web.parent.expect_line("reload finished");
    CHECK(TlsClient(secured.web.port, options).resumed());
  }
}

// What the log says of a start that fails, which has to be one line of trouble and no socket.
std::string trouble(std::vector<std::string> arguments) {
  const std::uint16_t port = free_port();
  arguments.insert(arguments.end(), {"--web-port", std::to_string(port)});
  // Root, too, may then read only what it is allowed to read.
  arguments.insert(arguments.begin(), {"--bounding-set=-all", http_contract});
  if (::geteuid() != 0) arguments.erase(arguments.begin());
  ChildProcess child{::geteuid() == 0 ? "/usr/bin/setpriv" : "/usr/bin/env", std::move(arguments)};
  const Exit exit = child.wait_exit();
  CHECK(exit.code != 0);
  CHECK(exit.signal == 0);
  CHECK_FALSE(port_answers(port));
  const auto messages = child.messages_so_far();
  CHECK(messages.size() == 1);
  for (const auto& line : messages) CHECK(line.find("PRIVATE KEY") == std::string::npos);
  return messages.empty() ? std::string{} : messages.front();
}

bool names(const std::string& text, const std::string& file, const char* words) {
  CAPTURE(text);
  const bool both = text.find(file) != std::string::npos && text.find(words) != std::string::npos;
  CHECK(both);
  return both;
}

TEST_CASE("files that cannot be used end the start with a line that names them") {
  const Authority authority;
  const TemporaryDirectory& directory = authority.directory;
  const auto good = authority.issue("good");
  const auto other = authority.issue("other");
  const auto expired = authority.issue("expired", {.expired = true});
  const auto weak = authority.issue("weak", {.key = "rsa:1024"});
  const std::string locked = directory.file("locked.key");
  run_openssl("pkey -in " + good.key + " -aes128 -passout pass:secret -out " + locked);
  const std::string garbage = directory.write("garbage.pem", "no certificate\n");
  const std::string empty = directory.write("empty.pem", "");
  const std::string missing = directory.file("missing.pem");

  const auto of = [](const std::string& certificate, const std::string& key) {
    return trouble(with({certificate, key}));
  };
  const std::string closed = directory.file("closed.key");
  std::filesystem::copy(good.key, closed);
  std::filesystem::permissions(closed, std::filesystem::perms::none);

  names(of(missing, good.key), missing, "No such file");
  names(of(good.certificate, closed), closed, "Permission denied");
  names(of(closed, good.key), closed, "Permission denied");
  names(of(garbage, good.key), garbage, "no certificate");
  names(of(empty, good.key), empty, "no certificate");
  names(of(good.certificate, missing), missing, "No such file");
  names(of(good.certificate, garbage), garbage, "no private key");
  names(of(good.certificate, other.key), other.key, "not that of the certificate");
  names(of(good.certificate, locked), locked, "encrypted");
  names(of(expired.certificate, expired.key), expired.certificate, "expired");
  names(of(weak.certificate, weak.key), weak.certificate, "too small");
  names(trouble(with(good, {"--web-ca-file", garbage})), garbage, "no certificate");
  names(trouble(with(good, {"--web-version", "TLSv1"})), "TLSv1", "not offered");
  names(trouble(with(good, {"--web-ciphers", "NONSENSE"})), "NONSENSE", "no cipher match");
  names(trouble(with(good, {"--web-client-cert", "required"})), "client_cert", "needs a ca_file");
  names(trouble({"--web-use-ssl=true"}), "cert_file", "needs");
}

TEST_CASE("a new certificate is shown after SIGHUP, a bad one is refused and the old kept") {
  Secured secured{{}, 2};
  const auto shown = [&] { return TlsClient(secured.web.port, secured.trusting()).subject(); };
  CHECK(shown() == "server");
  TlsClient open{secured.web.port, secured.trusting()};

  const auto next = secured.authority.issue("next");
  std::filesystem::copy(next.certificate, secured.files.certificate,
                        std::filesystem::copy_options::overwrite_existing);
  secured.web.parent.signal(SIGHUP);
  secured.web.parent.expect_line("reload failed generation=2");  // The key is the old one's still.
  CHECK(shown() == "server");

  std::filesystem::copy(next.key, secured.files.key,
                        std::filesystem::copy_options::overwrite_existing);
  observe_for(101ms);  // Else it belongs to the reload that failed.
  secured.web.parent.signal(SIGHUP);
  secured.web.parent.expect_line("reload finished generation=3");
  CHECK(eventually([&] { return shown() == "next"; }));  // Old workers leave in a moment.
  open.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  CHECK(is_ok(open.receive_to_end()));

  secured.authority.directory.write("server.pem", "garbage\n");
  observe_for(101ms);
  secured.web.parent.signal(SIGHUP);
  const std::string reason = secured.web.parent.expect_line("reload failed generation=4 reason=");
  CHECK(reason.find(secured.files.certificate) != std::string::npos);
  CHECK(shown() == "next");
  // Those that replace a worker later have the good one, whatever lies on the disk.
  const auto workers = children_of(secured.web.parent.pid());
  for (const pid_t worker : workers) ::kill(worker, SIGKILL);
  CHECK(eventually([&] { return children_of(secured.web.parent.pid()).size() == 2; }));
  CHECK(shown() == "next");
}

TEST_CASE("who speaks no TLS is told, and who breaks off harms nobody") {
  Secured secured;
  HttpClient plain{secured.web.port};
  const auto answer = plain.get("/");
  CHECK(answer.status == 400);
  CHECK(answer.body.find("HTTPS") != std::string::npos);

  const auto before = open_fds(secured.web.parent.pid()).size();
  for (int i = 0; i < 200; ++i) {
    HttpClient garbage{secured.web.port};
    garbage.send_raw(i % 2 == 0 ? std::string("\x16\x03\x01\x02", 4) : std::string(300, 'x'));
    const linger at_once{.l_onoff = i % 4 < 2 ? 1 : 0, .l_linger = 0};
    ::setsockopt(garbage.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  CHECK(is_ok(https_get(secured.web.port, "/", secured.trusting())));
  CHECK(eventually([&] { return open_fds(secured.web.parent.pid()).size() <= before + 1; }));
}

TEST_CASE("a handshake may come octet by octet, and a second one in its connection may not") {
  Secured secured;
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{SSL_CTX_new(TLS_client_method()),
                                                                  &SSL_CTX_free};
  const std::unique_ptr<SSL, decltype(&SSL_free)> tls{SSL_new(context.get()), &SSL_free};
  BIO* const said = BIO_new(BIO_s_mem());
  SSL_set_bio(tls.get(), BIO_new(BIO_s_mem()), said);
  CHECK(SSL_connect(tls.get()) != 1);
  char* hello = nullptr;
  const long size = BIO_get_mem_data(said, &hello);
  HttpClient client{secured.web.port};
  const int on = 1;
  ::setsockopt(client.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  for (const char c : std::string_view{hello, static_cast<std::size_t>(size)}) {
    client.send_raw({&c, 1});
  }
  CHECK(client.receive_exactly(2) == "\x16\x03");

  TlsClientOptions options = secured.trusting();
  options.highest = TLS1_2_VERSION;
  TlsClient again{secured.web.port, options};
  REQUIRE(again.connected());
  SSL_renegotiate(again.tls());
  CHECK(SSL_do_handshake(again.tls()) != 1);
}

TEST_CASE("handshakes that stand still do not hold up others") {
  Secured secured;
  std::vector<HttpClient> stalled;
  for (int i = 0; i < 50; ++i) {
    stalled.emplace_back(secured.web.port).send_raw(std::string("\x16\x03\x01", 3));
  }
  for (int i = 0; i < 10; ++i) {
    CHECK(is_ok(https_get(secured.web.port, "/", secured.trusting())));
  }
}

TEST_CASE("a body of megabytes arrives whole in both directions, and pipelined requests too") {
  Secured secured;
  const std::string answer = https_get(secured.web.port, "/_c/big?n=5000000", secured.trusting());
  CHECK(answer.size() - answer.find("\r\n\r\n") - 4 == 5'000'000);

  TlsClient client{secured.web.port, secured.trusting()};
  const std::string body(1'000'000, 'b');
  client.send("POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 1000000\r\n\r\n");
  client.send(body);
  CHECK(client.receive_to_end().find("\"len\":1000000") != std::string::npos);

  TlsClient pipelined{secured.web.port, secured.trusting()};
  const std::string get = "GET /_c/one HTTP/1.1\r\nHost: h\r\n\r\n";
  pipelined.send(get + get + "GET /_c/one HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  std::string all = pipelined.receive_to_end();
  int answers = 0;
  for (auto at = all.find("exactly"); at != std::string::npos; at = all.find("exactly", at + 1)) {
    ++answers;
  }
  CHECK(answers == 3);
}

// Between a request and the next one the server waits for the socket, where there is nothing any
// more.
TEST_CASE("requests are answered that TLS has taken from the socket together with others") {
  Secured secured;
  const std::string get = "GET /_c/one HTTP/1.1\r\nHost: h\r\n";
  std::string filling = get + "X-Fill: ";  // The first 2048 octets of a record, which is what the
  filling.append(2044 - filling.size(), 'x');  // server takes out at once.
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    CAPTURE(version);
    TlsClientOptions options = secured.trusting();
    options.lowest = options.highest = version;
    TlsClient client{secured.web.port, options};
    client.send(filling + "\r\n\r\n" + get + "\r\n");
    for (int i = 0; i < 2; ++i) CHECK(client.receive_until("exactly").ends_with("exactly"));

    int corked = 1;
    ::setsockopt(client.fd(), IPPROTO_TCP, TCP_CORK, &corked, sizeof corked);
    for (int i = 0; i < 3; ++i) client.send(get + "\r\n");
    corked = 0;
    ::setsockopt(client.fd(), IPPROTO_TCP, TCP_CORK, &corked, sizeof corked);
    for (int i = 0; i < 3; ++i) CHECK(client.receive_until("exactly").ends_with("exactly"));
  }
}

}  // namespace
