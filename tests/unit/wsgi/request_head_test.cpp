#include "request_head.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace thane::wsgi::internal;
using HeadKind = ParseResult::Kind;

namespace {

constexpr std::string_view host = "Host: h.example\r\n";

// The status that a head is refused with; 0 if it is accepted, 1 if more is needed.
int status_of(const std::string& head, const HeadLimits& limits = {}) {
  RequestHead parsed;
  const auto result = parse_head(head, limits, parsed);
  if (result.kind == HeadKind::need_more) return 1;
  if (result.kind == HeadKind::complete) {
    CHECK(result.size == head.size());
    return 0;
  }
  return result.status;
}

int status_of_field(const std::string& line) {
  return status_of("GET / HTTP/1.1\r\n" + std::string{host} + line + "\r\n\r\n");
}

int status_of_target(const std::string& target) {
  return status_of("GET " + target + " HTTP/1.1\r\n" + std::string{host} + "\r\n");
}

TEST_CASE("a head is taken apart without copying it") {
  const std::string input =
      "POST /items?id=7 HTTP/1.1\r\nHost: shop:80\r\nX-Long: \t a b \t\r\ncontent-LENGTH: "
      "007\r\n\r\nbody";
  RequestHead head;
  const auto result = parse_head(input, {}, head);
  REQUIRE(result.kind == HeadKind::complete);
  CHECK(input.substr(result.size) == "body");
  CHECK(head.method == "POST");
  CHECK(head.target == "/items?id=7");
  CHECK(head.path == "/items");
  CHECK(head.query == "id=7");
  CHECK(head.authority == "shop:80");
  CHECK(head.minor_version == 1);
  CHECK(head.keep_alive);
  CHECK(head.framing == BodyFraming::length);
  CHECK(head.content_length == 7);
  REQUIRE(head.fields().size() == 3);
  CHECK(head.fields()[1].name == "X-Long");
  CHECK(head.fields()[1].value == "a b");
  CHECK(head.method.data() == input.data());
}

TEST_CASE("every true beginning of a head needs more, and no other answer") {
  const std::string input = "\r\nGET http://h:80/a?b HTTP/1.1\r\nHost: h\r\nA: b\r\n\r\n";
  for (std::size_t size = 0; size < input.size(); ++size) {
    INFO(size);
    CHECK(status_of(input.substr(0, size)) == 1);
  }
  CHECK(status_of(input) == 0);
}

TEST_CASE("lines end with CRLF and nothing else") {
  CHECK(status_of("GET / HTTP/1.1\nHost: h\r\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.1\r\nHost: h\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.1\r\nHost: h\r\r\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.1\r\nHost: h\r\n\n") == 400);
  CHECK(status_of("GET / HTTP/1.1\r\nHost: h\r\n\rX") == 400);
  CHECK(status_of("\nGET / HTTP/1.1\r\nHost: h\r\n\r\n") == 400);
  CHECK(status_of("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n") == 400);
}

TEST_CASE("field lines follow the grammar") {
  CHECK(status_of_field("A: b") == 0);
  CHECK(status_of_field("A:") == 0);
  CHECK(status_of_field("A: \x80\xff\tb") == 0);
  CHECK(status_of_field("A : b") == 400);
  CHECK(status_of_field(" A: b") == 400);
  CHECK(status_of_field("A: b\r\n folded") == 400);
  CHECK(status_of_field("A") == 400);
  CHECK(status_of_field(": b") == 400);
  CHECK(status_of_field("A(: b") == 400);
  for (int c = 0; c < 32; ++c) {
    if (c == '\t') continue;
    INFO(c);
    CHECK(status_of_field(std::string{"A: a value of some length "} + static_cast<char>(c) + "b") ==
          400);
    CHECK(status_of_field(std::string{"A"} + static_cast<char>(c) + "B: c") == 400);
  }
  CHECK(status_of_field("A: a value of some length \x7f") == 400);
}

TEST_CASE("the length of a body has one meaning or the request none") {
  CHECK(status_of_field("Content-Length: 0") == 0);
  CHECK(status_of_field("Content-Length: 00000000000000000000000000000005") == 0);
  for (const char* bad : {"", "+1", "-1", "1 1", "1,1", "0x1", "1.0", "18446744073709551616",
                          "99999999999999999999", "1e1", "\"1\""}) {
    INFO(bad);
    CHECK(status_of_field("Content-Length: " + std::string{bad}) == 400);
  }
  CHECK(status_of_field("Content-Length: 1\r\nContent-Length: 1") == 400);
  CHECK(status_of_field("Content-Length: 1\r\ncontent-length: 2") == 400);
  CHECK(status_of_field("Transfer-Encoding: chunked") == 0);
  CHECK(status_of_field("Transfer-Encoding: Chunked") == 0);
  CHECK(status_of_field("Transfer-Encoding: gzip, chunked") == 501);
  CHECK(status_of_field("Transfer-Encoding: chunked, gzip") == 400);
  CHECK(status_of_field("Transfer-Encoding: gzip") == 400);
  CHECK(status_of_field("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked") == 400);
  CHECK(status_of_field("Transfer-Encoding: xchunked") == 400);
  CHECK(status_of_field("Transfer-Encoding: chunked\r\nContent-Length: 1") == 400);
  CHECK(status_of_field("Content-Length: 1\r\nTransfer-Encoding: chunked") == 400);
  CHECK(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
}

TEST_CASE("a host is examined whatever the last one was") {
  RequestHead head;
  const auto accepts = [&head](const std::string& name) {
    const std::string input = "GET / HTTP/1.1\r\nHost: " + name + "\r\n\r\n";
    return parse_head(input, {}, head).kind == HeadKind::complete && head.authority == name;
  };
  const std::string longest(64, 'a');
  for (const std::string& fine : {std::string{"shop:80"}, longest, longest + "b"}) {
    CHECK(accepts(fine));
    CHECK(accepts(fine));
    CHECK_FALSE(accepts(fine + "/"));
    CHECK_FALSE(accepts("/" + fine.substr(1)));
    CHECK(accepts(fine));
  }
  CHECK(accepts(""));
}

TEST_CASE("HTTP/1.1 has exactly one host, and it is one") {
  CHECK(status_of("GET / HTTP/1.1\r\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.0\r\n\r\n") == 0);
  CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n") == 400);
  for (const char* good :
       {"", "a", "a.b:80", "a:", "[::1]", "[::1]:80", "[v1.x:y]", "1.2.3.4", "a%20b"}) {
    INFO(good);
    CHECK(status_of("GET / HTTP/1.1\r\nHost: " + std::string{good} + "\r\n\r\n") == 0);
  }
  for (const char* bad : {"a b", "a/b", "a@b", "a:b", "a:1:2", "a:65536", "::1", "[::1", "[::g]",
                          "[]", "[::1]x", "[v.x]", "a%2", "a\x80", "a?b", ":80"}) {
    INFO(bad);
    CHECK(status_of("GET / HTTP/1.1\r\nHost: " + std::string{bad} + "\r\n\r\n") == 400);
  }
}

TEST_CASE("the four forms of a request target, each for its methods") {
  CHECK(status_of_target("/") == 0);
  CHECK(status_of_target("/a?b?c=/") == 0);
  CHECK(status_of_target("http://a:80/b") == 0);
  CHECK(status_of_target("HTTP://a?b") == 0);
  CHECK(status_of_target("http:///a") == 400);
  CHECK(status_of_target("http://u@a/") == 400);
  CHECK(status_of_target("https://a/") == 421);
  RequestHead secured;
  const std::string over_tls = "GET https://h/p HTTP/1.1\r\nHost: h\r\n\r\n";
  CHECK(parse_head(over_tls, {.secure = true}, secured).kind == ParseResult::Kind::complete);
  CHECK(secured.path == "/p");
  CHECK(status_of_target("ftp://a/") == 400);
  CHECK(status_of_target("a") == 400);
  CHECK(status_of_target("*") == 400);
  CHECK(status_of_target("a:80") == 400);
  CHECK(status_of_target("/a#b") == 400);
  CHECK(status_of_target("/a\x7f") == 400);
  CHECK(status_of_target("/a\x80") == 400);
  CHECK(status_of("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n") == 0);
  CHECK(status_of("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n") == 0);
  CHECK(status_of("CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
  CHECK(status_of("CONNECT /a HTTP/1.1\r\nHost: a\r\n\r\n") == 400);

  RequestHead head;
  const std::string absolute = "GET http://target?q HTTP/1.1\r\nHost: other\r\n\r\n";
  REQUIRE(parse_head(absolute, {}, head).kind == HeadKind::complete);
  CHECK(head.form == TargetForm::absolute);
  CHECK(head.authority == "target");
  CHECK(head.path == "/");
  CHECK(head.query == "q");
}

TEST_CASE("request lines follow the grammar") {
  CHECK(status_of("GET  / HTTP/1.1\r\n") == 400);
  CHECK(status_of("GET /  HTTP/1.1\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.1 \r\n") == 400);
  CHECK(status_of("GET /\r\n") == 400);
  CHECK(status_of("G@T / HTTP/1.1\r\n") == 400);
  CHECK(status_of(std::string{"G\0T / HTTP/1.1\r\n", 16}) == 400);
  CHECK(status_of("GET / HTTP/11\r\n") == 400);
  CHECK(status_of("GET / http/1.1\r\n") == 400);
  CHECK(status_of("GET / HTTP/2.0\r\n\r\n") == 505);
  CHECK(status_of("GET / HTTP/0.9\r\n\r\n") == 505);
  CHECK(status_of("GET / HTTP/1.2\r\nHost: h\r\n\r\n") == 0);
}

TEST_CASE("everything has a limit, and an answer when it is passed") {
  const std::string line = "GET / HTTP/1.1\r\n" + std::string{host};
  CHECK(status_of(std::string(max_method, 'A') + " / HTTP/1.1\r\nHost: h\r\n\r\n") == 0);
  CHECK(status_of(std::string(max_method + 1, 'A')) == 501);
  CHECK(status_of("GET /aaaaaaaa HTTP/1.1\r\n" + std::string{host} + "\r\n", {.target = 9}) == 0);
  CHECK(status_of("GET /aaaaaaaaa", {.target = 9}) == 414);
  CHECK(status_of(line + "A: 2345\r\n\r\n", {.line = 15}) == 0);
  CHECK(status_of(line + "A: 2345678901234", {.line = 15}) == 431);
  CHECK(status_of(line + "A: b\r\n\r\n", {.fields = 2}) == 0);
  CHECK(status_of(line + "A: b\r\nC: d\r\n\r\n", {.fields = 2}) == 431);
  CHECK(status_of(line + "A: b\r\n\r\n", {.head = line.size() + 8}) == 0);
  CHECK(status_of(line + "A: b\r\n\r\n", {.head = line.size() + 7}) == 431);
  CHECK(status_of(line + "A: b", {.head = line.size() + 4}) == 431);
  std::string many = line;
  for (std::size_t i = 0; i < 2 * max_fields; ++i) many += "A: b\r\n";
  CHECK(status_of(many + "\r\n", {.fields = 1000}) == 431);
}

TEST_CASE("a connection lives on as version and Connection say") {
  const auto keep_alive = [](const std::string& head) {
    RequestHead parsed;
    REQUIRE(parse_head(head, {}, parsed).kind == HeadKind::complete);
    return parsed.keep_alive;
  };
  CHECK(keep_alive("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
  CHECK_FALSE(keep_alive("GET / HTTP/1.1\r\nHost: h\r\nConnection: a, CLOSE ,b\r\n\r\n"));
  CHECK_FALSE(keep_alive("GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, close\r\n\r\n"));
  CHECK_FALSE(keep_alive("GET / HTTP/1.0\r\n\r\n"));
  CHECK(keep_alive("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"));
  CHECK_FALSE(keep_alive(
      "GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n"));
}

TEST_CASE("a host that was valid says nothing of others, however much they are alike") {
  RequestHead head;
  std::string text;  // What the head is of.
  const auto is_taken = [&](const std::string& name) {
    text = "GET / HTTP/1.1\r\nHost: " + name + "\r\n\r\n";
    return parse_head(text, {}, head).kind == HeadKind::complete;
  };
  CHECK(is_taken("good.example"));
  CHECK(is_taken("good.example"));
  CHECK_FALSE(is_taken("bad/.example"));
  CHECK_FALSE(is_taken("bad/.example"));
  CHECK(head.authority != "good.example");
  CHECK(is_taken("good.example"));
  const std::string begin(63, 'a');  // What is kept of a host has an end.
  CHECK(is_taken(begin + "%41"));
  CHECK_FALSE(is_taken(begin + "%"));
  CHECK(is_taken("good.example"));
}

TEST_CASE("the only expectation is 100-continue, and only in HTTP/1.1") {
  CHECK(status_of_field("Expect: 100-Continue") == 0);
  CHECK(status_of_field("Expect: something") == 417);
  CHECK(status_of("GET / HTTP/1.0\r\nExpect: something\r\n\r\n") == 0);
}

}  // namespace
