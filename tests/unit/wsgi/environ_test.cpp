#include <thane/wsgi/environ.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <thane/wsgi/request.hpp>

#include "body_source.hpp"
#include "request_head.hpp"
#include "surroundings.hpp"

using namespace thane::wsgi;

namespace {

// Gives pieces of a body, cut as they are listed.
class Pieces final : public internal::BodySource {
 public:
  explicit Pieces(std::vector<std::string> all) : all_(std::move(all)) {}
  std::string_view read_some() override {
    ++reads;
    return at_ < all_.size() ? std::string_view{all_[at_++]} : std::string_view{};
  }
  int reads = 0;

 private:
  std::vector<std::string> all_;
  std::size_t at_ = 0;
};

/// The environ of a request that is written out.
struct Parsed {
  explicit Parsed(std::string its_text, std::vector<std::string> its_body = {},
                  internal::Surroundings its_surroundings = {})
      : text(std::move(its_text)),
        complete(internal::parse_head(text, {}, head).kind ==
                 internal::ParseResult::Kind::complete),
        body(std::move(its_body)),
        surroundings(its_surroundings) {
    REQUIRE(complete);
  }

  std::string text;
  internal::RequestHead head;
  bool complete;
  Pieces body;
  internal::Surroundings surroundings;
  Request request{head, body, surroundings};
};

std::string post(std::size_t size) {
  return "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
}

std::string chunked() {
  return "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
}

TEST_CASE("the environ says what a client has proved to be, by the names of mod_ssl") {
  const std::string text = "GET / HTTP/1.1\r\nHost: h\r\nSSL-Client-S-DN: CN=mallory\r\n\r\n";
  const ClientCertificate alice{"CN=alice", "CN=authority", "0A3F"};
  Parsed proved{text, {}, {.secure = true, .client = &alice}};
  const Environ all{proved.request};
  CHECK(all.get("HTTPS") == "on");
  CHECK(all.get("SSL_CLIENT_VERIFY") == "SUCCESS");
  CHECK(all.get("SSL_CLIENT_S_DN") == "CN=alice");
  CHECK(all.get("SSL_CLIENT_I_DN") == "CN=authority");
  CHECK(all.get("SSL_CLIENT_M_SERIAL") == "0A3F");

  Parsed unknown{text, {}, {.secure = true}};
  CHECK(Environ{unknown.request}.get("SSL_CLIENT_VERIFY") == "NONE");
  CHECK(Environ{unknown.request}.find("SSL_CLIENT_S_DN") == nullptr);
  Parsed plain{text};
  for (const char* const name : {"HTTPS", "SSL_CLIENT_VERIFY", "SSL_CLIENT_S_DN"}) {
    CHECK(Environ{plain.request}.find(name) == nullptr);
  }
}

TEST_CASE("the environ has what a router found, and nothing of one where there was none") {
  Parsed parsed{"GET / HTTP/1.1\r\nHost: h\r\n\r\n"};
  CHECK(Environ{parsed.request}.find("wsgiorg.routing_args") == nullptr);
  parsed.request.set_route(RouteMatch{.arguments = {{"id", "7"}}, .name = "item"});
  const Environ all{parsed.request};
  const auto* const arguments = all.object<RouteArguments>("wsgiorg.routing_args");
  REQUIRE(arguments != nullptr);
  CHECK(*arguments->find("id") == "7");
  CHECK(all.object<RouteMatch>("routes.route")->name == "item");
  CHECK(all.object<std::string>("wsgiorg.routing_args") == nullptr);
  CHECK(all.object<RouteArguments>("HTTP_HOST") == nullptr);
}

TEST_CASE("the environ has the variables of PEP 3333") {
  Parsed parsed{
      "PUT /a%20b/%2Fc?d=%20e HTTP/1.0\r\nContent-Type: text/plain\r\n"
      "Content-Length: 3\r\nX-Some-Thing: v\r\nHost: client.example:99\r\n\r\n",
      {},
      {.peer = "192.0.2.7", .server_name = "192.0.2.1", .server_port = "8080"}};
  const Environ all{parsed.request};
  CHECK(all.get("REQUEST_METHOD") == "PUT");
  CHECK(all.find("SCRIPT_NAME") != nullptr);
  CHECK(all.get("SCRIPT_NAME").empty());
  CHECK(all.get("PATH_INFO") == "/a b//c");
  CHECK(all.get("QUERY_STRING") == "d=%20e");
  CHECK(all.get("SERVER_NAME") == "192.0.2.1");
  CHECK(all.get("SERVER_PORT") == "8080");
  CHECK(all.get("SERVER_PROTOCOL") == "HTTP/1.0");
  CHECK(all.get("REMOTE_ADDR") == "192.0.2.7");
  CHECK(all.get("CONTENT_TYPE") == "text/plain");
  CHECK(all.get("CONTENT_LENGTH") == "3");
  CHECK(all.get("HTTP_X_SOME_THING") == "v");
  CHECK(all.get("HTTP_HOST") == "client.example:99");
  CHECK(all.find("HTTP_CONTENT_TYPE") == nullptr);
  CHECK(all.find("HTTP_CONTENT_LENGTH") == nullptr);
  CHECK(all.get("wsgi.url_scheme") == "http");
  CHECK(std::get<bool>(*all.find("wsgi.multithread")) == true);
  CHECK(std::get<bool>(*all.find("wsgi.multiprocess")) == false);
  CHECK(std::get<bool>(*all.find("wsgi.run_once")) == false);
  CHECK(std::get<bool>(*all.find("wsgi.input_terminated")) == true);
  CHECK(std::get<std::array<int, 2>>(*all.find("wsgi.version")) == std::array{1, 0});
}

TEST_CASE("an empty query is there, and TLS shows in the scheme") {
  Parsed parsed{"GET / HTTP/1.1\r\nHost: h\r\n\r\n", {}, {.secure = true}};
  const Environ all{parsed.request};
  CHECK(all.find("QUERY_STRING") != nullptr);
  CHECK(all.get("wsgi.url_scheme") == "https");
}

TEST_CASE("fields that would pass for others are left out, repeated ones are joined") {
  Parsed parsed{
      "GET http://other.example/p HTTP/1.1\r\nHost: other.example\r\nProxy: evil\r\n"
      "X_Id: 1\r\nX-Id: 2\r\nAccept: a\r\nAccept: b\r\nRequest-Method: POST\r\n\r\n"};
  const Environ all{parsed.request};
  CHECK(all.find("HTTP_PROXY") == nullptr);
  CHECK(all.get("HTTP_X_ID") == "2");
  CHECK(all.get("HTTP_ACCEPT") == "a,b");
  CHECK(all.get("REQUEST_METHOD") == "GET");
  CHECK(all.get("PATH_INFO") == "/p");
}

TEST_CASE("variables are set, replaced and erased") {
  Parsed parsed{"GET / HTTP/1.1\r\nHost: h\r\n\r\n"};
  Environ all{parsed.request};
  all.set("SCRIPT_NAME", "/app");
  all.set("my.number", Environ::Value{std::any{7}});
  CHECK(all.get("SCRIPT_NAME") == "/app");
  CHECK(std::any_cast<int>(std::get<std::any>(*all.find("my.number"))) == 7);
  CHECK(all.get("my.number").empty());
  all.erase("my.number");
  CHECK(all.find("my.number") == nullptr);
}

TEST_CASE("read() gives so many octets, across pieces, and nothing at the end") {
  Parsed parsed{chunked(), {"ab", "cde", "f"}};
  Environ all{parsed.request};
  CHECK(all.input().read(0).empty());
  CHECK(all.input().read(3) == "abc");
  CHECK(all.input().read(1) == "d");
  CHECK(all.input().read() == "ef");
  CHECK(all.input().read().empty());
  CHECK(all.input().read(10).empty());
  CHECK(parsed.body.reads == 4);  // Not asked again after its end.
}

TEST_CASE("the input of a request without a body is empty, and is not waited for") {
  Parsed parsed{"GET / HTTP/1.1\r\nHost: h\r\n\r\n", {"of the next request"}};
  Environ all{parsed.request};
  CHECK(all.input().read().empty());
  CHECK(all.input().readline().empty());
  CHECK(parsed.body.reads == 0);
}

TEST_CASE("readline() ends with the line feed, wherever the pieces were cut") {
  Parsed parsed{post(11), {"on", "e\ntwo", "\n", "\nend"}};
  Environ all{parsed.request};
  CHECK(all.input().readline() == "one\n");
  CHECK(all.input().readline(2) == "tw");
  CHECK(all.input().readline(2) == "o\n");
  CHECK(all.input().readline() == "\n");
  CHECK(all.input().readline() == "end");
  CHECK(all.input().readline().empty());
}

TEST_CASE("a loop over the input has the lines that are left, none of them read in advance") {
  Parsed parsed{chunked(), {"one\n", "tw", "o\nthree"}};
  Environ all{parsed.request};
  CHECK(all.input().readline() == "one\n");
  std::vector<std::string> lines;
  for (const std::string& line : all.input()) {
    lines.push_back(line);
    if (lines.size() == 1) CHECK(all.input().read(2) == "th");
  }
  CHECK(lines == std::vector<std::string>{"two\n", "ree"});
  for (const std::string& line : all.input()) FAIL("a line after the end: " << line);
}

TEST_CASE("readlines() gives all lines, or as many as the hint asks for") {
  using Lines = std::vector<std::string>;
  Parsed parsed{post(8), {"a\nb\n", "cc\ndd"}};
  Environ all{parsed.request};
  CHECK(all.input().readlines(3) == Lines{"a\n", "b\n"});
  CHECK(all.input().readlines(0) == Lines{"cc\n", "dd"});
  CHECK(all.input().readlines().empty());
}

TEST_CASE("the host is that of a target in absolute form, whatever the field says") {
  Parsed parsed{"GET http://asked.example/p HTTP/1.1\r\nHost: said.example\r\n\r\n"};
  CHECK(Environ{parsed.request}.get("HTTP_HOST") == "asked.example");
}

}  // namespace
