// What PEP 3333 asks of a server, seen by a client: over plain HTTP and over TLS.
#include <doctest/doctest.h>
#include <sys/socket.h>

#include <cstdint>
#include <functional>
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

using namespace thane::testing;

namespace {

/// One connection, in the clear or secured.
class Talk {
 public:
  Talk(std::uint16_t port, const Authority* authority) {
    if (authority == nullptr) {
      plain_ = std::make_unique<HttpClient>(port);
    } else {
      secured_ = std::make_unique<TlsClient>(
          port, TlsClientOptions{.authority = authority->certificate()});
    }
  }
  bool send(const std::string& octets) {
    return plain_ ? plain_->send_raw(octets) : secured_->send(octets);
  }
  /// Waits until this has come.
  bool sees(std::string_view words) {
    return plain_ ? plain_->await(words) : secured_->await(words);
  }
  std::string receive_to_end() {
    return plain_ ? plain_->receive_to_end() : secured_->receive_to_end();
  }

 private:
  std::unique_ptr<HttpClient> plain_;
  std::unique_ptr<TlsClient> secured_;
};

/// The same server twice: in the clear, and secured.
struct Contract {
  std::unique_ptr<Authority> authority;
  std::unique_ptr<Web> web;

  explicit Contract(bool secured) {
    std::vector<std::string> arguments{"--web-wsgi-access-log=false"};
    if (secured) {
      authority = std::make_unique<Authority>();
      const auto files = authority->issue("server");
      arguments.insert(arguments.end(), {"--tls-cert", files.certificate, "--tls-key", files.key});
    }
    web = std::make_unique<Web>(http_contract, 1, arguments);
  }

  /// All that comes back until the server ends the connection.
  [[nodiscard]] std::string exchange(const std::string& request) const {
    Talk talk = connect();
    talk.send(request);
    return talk.receive_to_end();
  }
  [[nodiscard]] Talk connect() const { return {web->port, authority.get()}; }

  [[nodiscard]] std::string get(const std::string& path, const char* method = "GET") const {
    return exchange(std::string{method} + " /_c/" + path +
                    " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  }
  [[nodiscard]] std::string post(const std::string& path, const std::string& body,
                                 const std::string& fields = "") const {
    return exchange("POST /_c/" + path + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" + fields +
                    "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  [[nodiscard]] int closes() const {
    const std::string answer = get("close-count");
    return std::stoi(answer.substr(answer.rfind(':') + 1));
  }
};

void on_both(const std::function<void(const Contract&)>& check) {
  for (const bool secured : {false, true}) {
    CAPTURE(secured);
    check(Contract{secured});
  }
}

bool has(const std::string& text, std::string_view words) {
  return text.find(words) != std::string::npos;
}
bool is(const std::string& answer, std::string_view status) {
  return answer.starts_with("HTTP/1.1 " + std::string{status});
}
std::string body_of(const std::string& answer) {
  const auto end = answer.find("\r\n\r\n");
  return end == std::string::npos ? std::string{} : answer.substr(end + 4);
}

TEST_CASE("environ: CGI variables are ours to set, and no field can set them") {
  on_both([](const Contract& contract) {
    const std::string all = contract.exchange(
        "GET /_c/environ/a%2Fb+c%E9?q=%20&r HTTP/1.1\r\nHost: client.example:1\r\n"
        "Connection: close\r\nX-Two: 1\r\nX-Two: 2\r\nX_Under: 3\r\nProxy: evil\r\n"
        "Server-Port: 1\r\nRequest-Method: PUT\r\n\r\n");
    CHECK(has(all, "\"PATH_INFO\":\"/_c/environ/a/b+c\u00e9\""));
    CHECK(has(all, "\"SCRIPT_NAME\":\"\""));
    CHECK(has(all, "\"QUERY_STRING\":\"q=%20&r\""));
    CHECK(has(all, "\"SERVER_PORT\":\"" + std::to_string(contract.web->port) + "\""));
    CHECK(has(all, "\"SERVER_PROTOCOL\":\"HTTP/1.1\""));
    CHECK(has(all, "\"REMOTE_ADDR\":\"127.0.0.1\""));
    CHECK(has(all, "\"HTTP_X_TWO\":\"1,2\""));
    CHECK_FALSE(has(all, "UNDER"));
    CHECK_FALSE(has(all, "HTTP_PROXY"));
    CHECK(has(all, "\"REQUEST_METHOD\":\"GET\""));
    CHECK(has(all, contract.authority ? "\"wsgi.url_scheme\":\"https\""
                                      : "\"wsgi.url_scheme\":\"http\""));
    CHECK(has(all, "\"SERVER_NAME\":\"127.0.0.1\""));
    CHECK(has(all, "\"wsgi.version\":[1,0]"));
    CHECK(has(all, "\"wsgi.multithread\":true"));
    CHECK(has(all, "\"wsgi.multiprocess\":"));
    CHECK(has(all, "\"wsgi.run_once\":false"));
    CHECK(has(all, "\"wsgi.input\":"));
    CHECK(has(all, "\"wsgi.errors\":"));
    const std::string old = contract.exchange("GET /_c/environ HTTP/1.0\r\n\r\n");
    CHECK(has(old, "\"QUERY_STRING\":\"\""));
    CHECK(has(old, "\"SERVER_PROTOCOL\":\"HTTP/1.0\""));
    const std::string typed = contract.post("environ", "{}", "Content-Type: application/json\r\n");
    CHECK(has(typed, "\"CONTENT_TYPE\":\"application/json\""));
    CHECK(has(typed, "\"CONTENT_LENGTH\":\"2\""));
    CHECK_FALSE(has(typed, "HTTP_CONTENT"));
    CHECK(has(contract.exchange("GET http://other.example/_c/environ HTTP/1.1\r\n"
                                "Host: other.example\r\nConnection: close\r\n\r\n"),
              "\"PATH_INFO\":\"/_c/environ\""));
  });
}

TEST_CASE("environ: others may serve the application at the same time if there are more workers") {
  for (const int workers : {1, 2}) {
    CAPTURE(workers);
    Web web{http_contract, workers};
    const std::string several = workers > 1 ? "true" : "false";
    CHECK(has(http_get(web.port, "/_c/environ").body, "\"wsgi.multiprocess\":" + several));
    CHECK(web.stop() == Exit{.code = 0});
  }
}

TEST_CASE("input: ends where the body ends, and reads by lines") {
  on_both([](const Contract& contract) {
    CHECK(has(contract.post("overread", "0123456789"), "{\"a\":10,\"b\":0}"));
    CHECK(has(contract.get("overread"), "{\"a\":0,\"b\":0}"));
    CHECK(has(contract.post("lines", "one\ntwo\nthree\nfour"),
              R"({"l1":"one\n","l2":"two\n","rest":["three\n","four"]})"));
    CHECK(has(contract.exchange("POST /_c/lines HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                                "Transfer-Encoding: chunked\r\n\r\n"
                                "2\r\non\r\n4\r\ne\ntw\r\n5\r\no\nend\r\n0\r\n\r\n"),
              R"({"l1":"one\n","l2":"two\n","rest":["end"]})"));
    CHECK(has(contract.post("limited", "one\ntwo\nthree\nfour\n"),
              R"({"read":"on","readline":"e\n","hint":["two\n"],"rest":["three\n","four\n"]})"));
    CHECK(has(contract.exchange("POST /_c/limited HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                                "Transfer-Encoding: chunked\r\n\r\n"
                                "1\r\na\r\n6\r\nbcdefg\r\n2\r\n\nh\r\n0\r\n\r\n"),
              R"({"read":"ab","readline":"cde","hint":["fg\n","h"],"rest":[]})"));
    // What was not read is nobody's request.
    const std::string two = contract.exchange(
        "POST /_c/partial HTTP/1.1\r\nHost: h\r\nContent-Length: 30\r\n\r\n"
        "GET /_c/one HTTP/1.1\r\nHost: h\r\n"
        "GET /_c/empty HTTP/1.1\r\nHost: h\r\n"
        "Connection: close\r\n\r\n");
    CHECK(has(two, "{\"got\":\"GET\"}"));
    CHECK_FALSE(has(two, "exactly"));
  });
}

TEST_CASE("Expect: 100-continue is answered by the first read, and by nothing else") {
  on_both([](const Contract& contract) {
    const auto ask = [&](const std::string& path) {
      return contract.exchange("POST /_c/" + path +
                               " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                               "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    };
    CHECK(is(ask("noread"), "200"));
    CHECK_FALSE(has(ask("noread"), "100 Continue"));
    Talk talk = contract.connect();
    talk.send(
        "POST /_c/overread HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
        "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    REQUIRE(talk.sees("HTTP/1.1 100 Continue\r\n\r\n"));
    talk.send("abc");
    const std::string all = talk.receive_to_end();
    CHECK(has(all, "{\"a\":3,\"b\":0}"));
    CHECK(all.find("100 Continue") == all.rfind("100 Continue"));
  });
}

TEST_CASE("start_response: what may be said, when, and how often") {
  on_both([](const Contract& contract) {
    CHECK(is(contract.get("status/418"), "418 Custom Reason\r\n"));
    CHECK(is(contract.get("status/204"), "204 X\r\n"));
    CHECK_FALSE(has(contract.get("status/204"), "Content-Length"));
    CHECK(body_of(contract.get("status/304")).empty());
    const std::string cookies = contract.get("cookies");
    CHECK(has(cookies, "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n"));
    for (const char* const path : {"raise-before", "no-start", "raise-after-start",
                                   "raise-first-next", "start-twice", "crlf-header", "crlf-status",
                                   "crlf-name", "nul-header", "nul-status", "raise-after-empty"}) {
      CAPTURE(path);
      const std::string answer = contract.get(path);
      CHECK(is(answer, "500 "));
      CHECK_FALSE(has(answer, "Injected"));
      CHECK(body_of(answer).empty());
    }
    CHECK(is(contract.get("excinfo"), "503 Replaced\r\n"));
    CHECK(body_of(contract.get("excinfo")) == "replaced");
    const std::string late = contract.get("excinfo-late");
    CHECK(is(late, "200 "));
    CHECK(body_of(late) == "5\r\nfirst\r\n");
    const std::string written = contract.get("excinfo-written");
    CHECK(is(written, "200 "));
    CHECK(body_of(written) == "5\r\nfirst\r\n");
    CHECK(is(contract.get("start-in-body"), "202 Begun\r\n"));
  });
}

TEST_CASE("errors: what an application says on wsgi.errors is in the log, line by line") {
  on_both([](const Contract& contract) {
    CHECK(is(contract.get("complain"), "200 "));
    contract.web->parent.expect_line("first complaint");
    contract.web->parent.expect_line("second complaint");
  });
}

TEST_CASE("body: framed as its length is known, cut when it fails") {
  on_both([](const Contract& contract) {
    CHECK(body_of(contract.get("write")) == "4\r\none;\r\n4\r\ntwo;\r\n5\r\nthree\r\n0\r\n\r\n");
    CHECK(body_of(contract.get("stream-empty-strings")) == "1\r\na\r\n1\r\nb\r\n0\r\n\r\n");
    CHECK(body_of(contract.get("raise-mid")) == "5\r\nfirst\r\n");
    CHECK(body_of(contract.get("short")) == "12345");
    CHECK(body_of(contract.get("long")) == "12345");
    CHECK(has(contract.get("one"), "Content-Length: 7\r\n"));
    CHECK(has(contract.get("empty"), "Content-Length: 0\r\n"));
    CHECK(has(contract.get("empty-string"), "Content-Length: 0\r\n"));
    CHECK(body_of(contract.get("stream", "HEAD")).empty());
    CHECK(body_of(contract.exchange("GET /_c/stream?n=2&size=1 HTTP/1.0\r\n\r\n")) == "0000000001");
    CHECK(body_of(contract.get("write", "HEAD")).empty());
    CHECK_FALSE(has(contract.get("status/204"), "Transfer-Encoding"));
    const std::string hops = contract.get("hop-all");
    CHECK(body_of(hops) == "hop");
    for (const char* const field : {"Keep-Alive:", "Proxy-Connection:", "TE:", "Trailer:",
                                    "Transfer-Encoding:", "Upgrade:", "upgrade, x-own"}) {
      CAPTURE(field);
      CHECK_FALSE(has(hops, field));
    }
    const std::string hop = contract.get("hop");
    CHECK_FALSE(has(hop, "Transfer-Encoding"));
    CHECK_FALSE(has(hop, "keep-alive"));
    CHECK(body_of(hop) == "hop");
    const std::string date = contract.get("date");
    CHECK(has(date, "Date: Mon, 01 Jan 2001 00:00:00 GMT\r\n"));
    CHECK(has(date, "Server: mine\r\n"));
    CHECK(date.find("Date:") == date.rfind("Date:"));
  });
}

TEST_CASE("body: a file in the wrapper of the environ is whole, and no descriptor is left of it") {
  on_both([](const Contract& contract) {
    const auto worker = contract.web->parent.pid();
    // The first one makes the threads that read.
    CHECK(body_of(contract.get("file")).size() == 100'000);
    const auto before = open_fds(worker).size();
    for (int i = 0; i < 20; ++i) {
      const std::string answer = contract.get("file?n=300000");
      CHECK(has(answer, "Content-Length: 300000\r\n"));
      CHECK(body_of(answer) == std::string(300'000, 'f'));
    }
    CHECK(body_of(contract.get("file", "HEAD")).empty());
    CHECK(eventually([&] { return open_fds(worker).size() <= before; }));
  });
}

TEST_CASE("body: what falls short of its length ends a connection that would be kept") {
  on_both([](const Contract& contract) {
    const std::string kept = "GET /_c/one HTTP/1.1\r\nHost: h\r\n\r\n";
    const std::string cut = "GET /_c/short HTTP/1.1\r\nHost: h\r\n\r\n";
    const std::string all = contract.exchange(kept + cut + kept);
    CHECK(all.ends_with("12345"));
    CHECK(all.find("exactly") == all.rfind("exactly"));
  });
}

TEST_CASE("body: a piece is with the client before the next one is asked for") {
  on_both([](const Contract& contract) {
    Talk talk = contract.connect();
    talk.send("GET /_c/held HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    REQUIRE(talk.sees("first"));
    CHECK(is(contract.get("release"), "200 "));
    CHECK(body_of(talk.receive_to_end()) == "5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n");
  });
}

TEST_CASE("close() is called once: at the end, after an error, and when the client has gone") {
  on_both([](const Contract& contract) {
    CHECK(contract.closes() == 0);
    (void)contract.get("close-iter");
    CHECK(contract.closes() == 1);
    (void)contract.get("close-iter-raise");
    (void)contract.get("raise-first-next");
    CHECK(contract.closes() == 3);
    (void)contract.get("close-iter", "HEAD");
    CHECK(contract.closes() == 4);
    (void)contract.get("raise-after-empty");
    CHECK(contract.closes() == 5);
    CHECK(body_of(contract.get("close-long")) == "12345");
    CHECK(contract.closes() == 6);
    CHECK(body_of(contract.get("close-204")).empty());
    CHECK(contract.closes() == 7);
    (void)contract.exchange("GET /_c/close-iter HTTP/1.0\r\n\r\n");
    CHECK(contract.closes() == 8);
    contract.connect().send("GET /_c/close-big HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(eventually([&] { return contract.closes() == 9; }));
  });
}

}  // namespace
