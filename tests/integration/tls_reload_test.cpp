// A certificate is exchanged under load: nobody notices, and soon all are shown the new one.
#include <doctest/doctest.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/certificates.hpp"
#include "support/eventually.hpp"
#include "support/http_load.hpp"
#include "support/root.hpp"
#include "support/time_limit.hpp"
#include "support/tls_client.hpp"
#include "support/web.hpp"

using namespace std::chrono_literals;
using namespace thane::testing;
using Clock = std::chrono::steady_clock;

namespace {

/// Clients that ask over TLS all the time: half of them keep their connections.
class TlsLoad {
 public:
  TlsLoad(std::uint16_t port, const TlsClientOptions& options) : port_(port), options_(options) {
    for (int i = 0; i < 4; ++i) {
      threads_.emplace_back([this, i] { ask(i % 2 == 0 ? Connections::anew : Connections::kept); });
    }
  }
  ~TlsLoad() { end(); }
  TlsLoad(const TlsLoad&) = delete;
  TlsLoad& operator=(const TlsLoad&) = delete;

  [[nodiscard]] bool await_answers(std::size_t count) const {
    const std::size_t wanted = answers_ + count;
    return eventually([&] { return answers_ >= wanted; });
  }
  /// What became of requests that were not answered.
  std::vector<std::string> end() {
    ended_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    return failures_;
  }
  /// When a new connection was shown this name for the last time.
  [[nodiscard]] Clock::time_point last_seen(const std::string& subject) {
    const std::lock_guard lock{mutex_};
    Clock::time_point last{};
    for (const auto& [name, when] : seen_) {
      if (name == subject) last = std::max(last, when);
    }
    return last;
  }

 private:
  void ask(Connections connections) {
    sigset_t all;  // OpenSSL's calls end when one comes, as when a child does.
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    const std::string fields = connections == Connections::anew ? "Connection: close\r\n" : "";
    const std::string request = "GET /_c/one HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
    std::unique_ptr<TlsClient> client;
    int served = 0;
    while (!ended_) {
      if (!client) {
        client = connect();
        served = 0;
      }
      const bool sent = client->send(request);
      const std::string answer = client->receive_until("exactly");
      const bool answered = answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("exactly");
      if (answered) {
        ++answers_;
        ++served;
      } else {
        const std::lock_guard lock{mutex_};
        failures_.push_back((sent ? "answer: " : "not sent: ") + answer + ", request " +
                            std::to_string(served + 1) + " of a connection shown " +
                            client->subject());
      }
      if (!answered || answer.find("Connection: close") != std::string::npos) client.reset();
    }
  }
  std::unique_ptr<TlsClient> connect() {
    const auto begun = Clock::now();
    auto client = std::make_unique<TlsClient>(port_, options_);
    const std::lock_guard lock{mutex_};
    seen_.emplace_back(client->subject(), begun);
    return client;
  }

  std::uint16_t port_;
  TlsClientOptions options_;
  std::atomic<bool> ended_{false};
  std::atomic<std::size_t> answers_{0};
  std::mutex mutex_;
  std::vector<std::pair<std::string, Clock::time_point>> seen_;
  std::vector<std::string> failures_;
  std::vector<std::thread> threads_;
};

void replace(const CertificateFiles& old, const CertificateFiles& with) {
  const auto over = std::filesystem::copy_options::overwrite_existing;
  std::filesystem::copy(with.certificate, old.certificate, over);
  std::filesystem::copy(with.key, old.key, over);
}

TEST_CASE("a new certificate under load: no request fails, and within a second all see it") {
  for (const int workers : {1, 2}) {
    CAPTURE(workers);
    const Authority authority;
    const auto files = authority.issue("server");
    Web web{PROGRAMS_DIR "/../contract/http_contract",
            workers,
            {"--web-use-ssl=true", "--web-cert-file", files.certificate, "--web-key-file",
             files.key, "--web-wsgi-access-log=false"}};
    TlsLoad load{web.port, {.authority = authority.certificate()}};
    REQUIRE(load.await_answers(50));

    replace(files, authority.issue("next"));
    const auto told = Clock::now();
    web.parent.signal(SIGHUP);
    CHECK(eventually([&] { return load.last_seen("next") > told; }));
    web.parent.expect_line("reload finished generation=2");
    CHECK(load.await_answers(50));
    observe_for(200ms);  // For one that would still be shown the old one.
    for (const std::string& failure : load.end()) FAIL_CHECK(failure);
    CHECK(load.last_seen("server") - told < with_slack(1s));
    CHECK(load.last_seen("") == Clock::time_point{});
  }
}

TEST_CASE("whose certificates are taken changes with a reload, and the others are refused") {
  const Authority old{"old"};
  const Authority now{"now"};
  const auto server = old.issue("server");
  const std::string trusted = old.directory.file("trusted.pem");
  const auto over = std::filesystem::copy_options::overwrite_existing;
  std::filesystem::copy(old.certificate(), trusted);
  Web web{PROGRAMS_DIR "/../contract/http_contract",
          2,
          {"--web-use-ssl=true", "--web-cert-file", server.certificate, "--web-key-file",
           server.key, "--web-ca-file", trusted}};
  const auto answered = [&](const CertificateFiles& client) {
    return https_get(web.port, "/", {.certificate = client.certificate, .key = client.key})
        .starts_with("HTTP/1.1 200 ");
  };
  const auto of_old = old.issue("client");
  const auto of_now = now.issue("client");
  CHECK(answered(of_old));
  CHECK_FALSE(answered(of_now));
  TlsClientOptions resuming{.certificate = of_old.certificate, .key = of_old.key};
  TlsClient first{web.port, resuming};
  first.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  CHECK_FALSE(first.receive_to_end().empty());
  const auto session = first.session();
  resuming.session = session.get();
  CHECK(TlsClient(web.port, resuming).resumed());

  std::filesystem::copy(now.certificate(), trusted, over);
  web.parent.signal(SIGHUP);
  web.parent.expect_line("reload finished generation=2");
  CHECK(eventually([&] { return answered(of_now) && !answered(of_old); }));
  CHECK(https_get(web.port, "/", resuming).empty());  // Nor by a session of before.
}

TEST_CASE("a parent that may not read its key any more keeps it for as long as it is the same") {
  if (!is_root("become another user")) return;
  const Authority authority;
  const auto server = authority.issue("server");
  std::filesystem::permissions(authority.directory.path(), std::filesystem::perms{0755});
  std::filesystem::permissions(server.key, std::filesystem::perms{0600});
  Web web{PROGRAMS_DIR "/../contract/http_contract",
          2,
          {"--user", "nobody", "--web-use-ssl=true", "--web-cert-file", server.certificate,
           "--web-key-file", server.key}};
  const auto shown = [&] {
    return TlsClient(web.port, {.authority = authority.certificate()}).subject();
  };
  web.parent.signal(SIGHUP);
  web.parent.expect_line("reload finished generation=2");
  CHECK(shown() == "server");

  const auto next = authority.issue("next");
  std::filesystem::permissions(next.key, std::filesystem::perms{0600});
  std::filesystem::rename(next.certificate, server.certificate);
  std::filesystem::rename(next.key, server.key);
  observe_for(101ms);  // Else it belongs to the reload before.
  web.parent.signal(SIGHUP);
  const std::string reason = web.parent.expect_line("reload failed generation=3 reason=");
  CHECK_MESSAGE(reason.find(server.key + ": Permission denied") != std::string::npos, reason);
  CHECK(shown() == "server");
}

}  // namespace
