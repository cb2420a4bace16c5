#include "connection.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "memory_transport.hpp"
#include "support/http_corpus.hpp"

using namespace thane;
using testing::MemoryTransport;
using testing::parse_answers;
using wsgi::Request;
using wsgi::Response;
using wsgi::internal::Connection;
using wsgi::internal::Site;

namespace {

struct Bench {
  Site site;
  std::string output;
  int writes = 0;
  bool shut_down = false;
  bool aborted = false;

  explicit Bench(wsgi::Application application) { site.application = std::move(application); }

  const std::string& run(const std::string& input, std::size_t piece = std::string::npos) {
    MemoryTransport transport{input, piece};
    Connection{site, transport, "192.0.2.1"}.run();
    output = transport.output;
    writes = transport.writes;
    shut_down = transport.shut_down;
    aborted = transport.aborted;
    return output;
  }

  [[nodiscard]] bool said(std::string_view text) const {
    return output.find(text) != std::string::npos;
  }
};

Response hello(Request&) {
  return Response::text("hello");
}

Response echo(Request& request) {
  return Response::text(request.read_all());
}

std::string get(std::string_view path, std::string_view fields = "") {
  return "GET " + std::string{path} + " HTTP/1.1\r\nHost: h\r\n" + std::string{fields} + "\r\n";
}

std::string post(std::string_view fields, std::string_view body) {
  return "POST / HTTP/1.1\r\nHost: h\r\n" + std::string{fields} + "\r\n" + std::string{body};
}

TEST_CASE("requests in one read are answered with one write") {
  Bench bench{hello};
  std::string input;
  for (int i = 0; i < 16; ++i) input += get("/");
  CHECK(parse_answers(bench.run(input)).size() == 16);
  CHECK(bench.writes == 1);
}

TEST_CASE("after `Connection: close` nothing more is answered, and the end is announced") {
  Bench bench{hello};
  CHECK(parse_answers(bench.run(get("/", "Connection: close\r\n") + get("/"))).size() == 1);
  CHECK(bench.said("Connection: close\r\n"));
  CHECK(bench.shut_down);
}

TEST_CASE("an HTTP/1.0 client keeps its connection only if it asks to") {
  Bench bench{hello};
  CHECK(parse_answers(bench.run("GET / HTTP/1.0\r\n\r\n" + get("/"))).size() == 1);
  bench.run("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + get("/"));
  CHECK(parse_answers(bench.output).size() == 2);
  CHECK(bench.said("Connection: keep-alive\r\n"));
}

TEST_CASE("wsgi_keep_alive off, and draining, end each connection with its answer") {
  Bench bench{hello};
  bench.site.keep_alive = false;
  CHECK(parse_answers(bench.run(get("/") + get("/"))).size() == 1);
  bench.site.keep_alive = true;
  bench.site.draining = true;
  CHECK(parse_answers(bench.run(get("/") + get("/"))).size() == 1);
  CHECK(bench.said("Connection: close\r\n"));
}

TEST_CASE(
    "bodies arrive whole, whatever the reads were, and the next request is found behind them") {
  Bench bench{echo};
  const std::string big(100'000, 'x');
  for (const std::size_t piece : {1, 100, 5000}) {
    bench.run(post("Content-Length: 5\r\n", "hello") +
                  post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n") +
                  post("Content-Length: 100000\r\n", big) + get("/"),
              piece);
    const auto answers = parse_answers(bench.output);
    REQUIRE(answers.size() == 4);
    CHECK(answers[0].body == "hello");
    CHECK(answers[1].body == "abcde");
    CHECK(answers[2].body == big);
    CHECK(answers[3].body.empty());
  }
}

TEST_CASE("the head stays readable while its body is read") {
  Bench bench{[](Request& request) {
    (void)request.read_all();
    return Response::text(std::string{request.path()} + std::string{*request.header("x-last")});
  }};
  const std::string fields = "X-Fill: " + std::string(1800, 'f') + "\r\nX-Last: here\r\n";
  const std::string body(50'000, 'x');
  bench.run("POST /p HTTP/1.1\r\nHost: h\r\n" + fields + "Content-Length: 50000\r\n\r\n" + body,
            700);
  CHECK(parse_answers(bench.output).at(0).body == "/phere");
}

TEST_CASE("100 Continue is sent on the first read of a body that has not come, and only then") {
  // Cut before the body: what the client would do is not in the stream.
  const std::string head = post("Expect: 100-continue\r\nContent-Length: 5\r\n", "");
  Bench reading{echo};
  reading.run(head);
  CHECK(reading.said("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 "));
  Bench refusing{[](Request&) { return Response{403}; }};
  refusing.run(head);
  CHECK_FALSE(refusing.said("100 Continue"));
  CHECK(refusing.said("Connection: close\r\n"));
  reading.run(head + "hello");
  CHECK_FALSE(reading.said("100 Continue"));
  CHECK(parse_answers(reading.output).at(0).body == "hello");
}

TEST_CASE("100 Continue is not sent into an answer that has begun") {
  Bench bench{[](Request& request) {
    return Response::stream(
        [&request, begun = false]() mutable -> std::optional<std::string> {
          if (!std::exchange(begun, true)) return "begun";
          return request.read_all();
        },
        "text/plain");
  }};
  bench.run(post("Expect: 100-continue\r\nContent-Length: 5\r\n", ""));
  CHECK(bench.said("begun"));
  CHECK_FALSE(bench.said("100 Continue"));
}

TEST_CASE("a body that nobody read is discarded up to the limit, beyond it the connection ends") {
  Bench bench{hello};
  bench.site.max_discard = 1000;
  bench.run(post("Content-Length: 1000\r\n", std::string(1000, 'x')) + get("/"), 90);
  CHECK(parse_answers(bench.output).size() == 2);
  bench.run(post("Content-Length: 3000\r\n", std::string(3000, 'x')) + get("/"), 90);
  CHECK(parse_answers(bench.output).size() == 1);
  CHECK(bench.said("Connection: close\r\n"));
}

TEST_CASE("a malformed chunk is a 400, even if the application did not care") {
  Bench bench{hello};
  bench.run(post("Transfer-Encoding: chunked\r\n", "x\r\n") + get("/"));
  REQUIRE(parse_answers(bench.output).size() == 1);
  CHECK(parse_answers(bench.output)[0].status == 400);
}

TEST_CASE("an exception of the application is a 500 without a body, with it in debug mode") {
  Bench bench{[](Request&) -> Response { throw std::runtime_error{"secret"}; }};
  bench.run(get("/") + get("/"));
  REQUIRE(parse_answers(bench.output).size() == 1);
  CHECK(parse_answers(bench.output)[0].status == 500);
  CHECK(bench.said("Connection: close\r\n"));
  CHECK_FALSE(bench.said("secret"));
  bench.site.errors = wsgi::internal::ErrorBody::text;
  bench.run(get("/"));
  CHECK(bench.said("secret"));
}

TEST_CASE("a request_error is its status, and the connection lives on") {
  Bench bench{[](Request&) -> Response { throw wsgi::request_error{404, "no such thing"}; }};
  bench.run(get("/") + get("/"));
  CHECK(parse_answers(bench.output).size() == 2);
  CHECK(bench.said("HTTP/1.1 404 Not Found\r\n"));
}

wsgi::BodyStream pieces(int count) {
  return [i = 0, count]() mutable -> std::optional<std::string> {
    if (i == count) return std::nullopt;
    return ++i == 2 ? std::string{} : "piece" + std::to_string(i);  // The second is empty.
  };
}

TEST_CASE("a stream is chunked for HTTP/1.1 and ended by closing for HTTP/1.0") {
  Bench bench{[](Request&) { return Response::stream(pieces(3), "text/plain"); }};
  bench.run(get("/") + get("/"));
  const auto answers = parse_answers(bench.output);
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].body == "piece1piece3");
  bench.run("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(bench.output.substr(bench.output.find("\r\n\r\n") + 4) == "piece1piece3");
  CHECK_FALSE(bench.said("keep-alive"));
}

TEST_CASE("a stream keeps the length it declared, or the connection is cut") {
  const auto declaring = [](const char* length) {
    return [length](Request&) {
      return Response::stream(pieces(1), "text/plain").add_header("Content-Length", length);
    };
  };
  Bench right{declaring("6")};
  CHECK(parse_answers(right.run(get("/") + get("/"))).size() == 2);
  Bench longer{declaring("3")};
  CHECK(parse_answers(longer.run(get("/"))).at(0).body == "pie");
  Bench shorter{declaring("7")};
  shorter.run(get("/") + get("/"));
  CHECK(shorter.output.substr(shorter.output.find("\r\n\r\n") + 4) == "piece1");
  CHECK_FALSE(shorter.shut_down);
}

TEST_CASE("a stream that fails at once is a 500; one that fails later has no end") {
  Bench at_once{[](Request&) {
    return Response::stream([]() -> std::optional<std::string> { throw std::runtime_error{"x"}; },
                            "text/plain");
  }};
  CHECK(parse_answers(at_once.run(get("/"))).at(0).status == 500);
  Bench later{[](Request&) {
    return Response::stream(
        [i = 0]() mutable -> std::optional<std::string> {
          if (i++ > 0) throw std::runtime_error{"x"};
          return "first";
        },
        "text/plain");
  }};
  later.run(get("/") + get("/"));
  CHECK(later.said("5\r\nfirst\r\n"));
  CHECK_FALSE(later.said("0\r\n\r\n"));
  CHECK_FALSE(later.aborted);
  later.run("GET / HTTP/1.0\r\n\r\n");
  CHECK(later.aborted);  // Else the end of the connection would be that of the body.
}

TEST_CASE("205 has no body, and says so") {
  Bench bench{[](Request& request) {
    if (request.path() == "/stream")
      return Response::stream(pieces(3), "text/plain").set_status(205);
    return Response::text("never").set_status(205);
  }};
  const auto answers = parse_answers(bench.run(get("/") + get("/stream") + get("/")));
  CHECK(answers.size() == 3);
  CHECK_FALSE(bench.said("never"));
  CHECK_FALSE(bench.said("piece"));
  CHECK(bench.said("Content-Length: 0\r\n"));
}

TEST_CASE("what is thrown and is no std::exception is an error like any other") {
  Bench at_once{[](Request&) -> Response { throw 42; }};
  CHECK(parse_answers(at_once.run(get("/"))).at(0).status == 500);
  Bench in_stream{[](Request&) {
    return Response::stream([]() -> std::optional<std::string> { throw 42; }, "text/plain");
  }};
  CHECK(parse_answers(in_stream.run(get("/"))).at(0).status == 500);
}

TEST_CASE("HEAD, 204 and 304 have no body") {
  Bench bench{[](Request& request) {
    if (request.path() == "/204") return Response::text("never").set_status(204);
    if (request.path() == "/304") return Response{304};
    return Response::text("hello");
  }};
  bench.run("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(bench.said("Content-Length: 5\r\n"));
  CHECK_FALSE(bench.said("hello"));
  bench.run(get("/204") + get("/304") + get("/"));
  CHECK_FALSE(bench.said("never"));
  CHECK(bench.output.find("Content-Length") == bench.output.rfind("Content-Length"));
}

TEST_CASE("a head that does not come in time is a 408; an idle connection just ends") {
  for (const auto& [input, expected] :
       {std::pair{"GET / HT", "HTTP/1.1 408 Request Timeout\r\n"}, std::pair{"", ""}}) {
    Site site;
    site.application = hello;
    MemoryTransport transport{input};
    transport.time_out_at_end = true;
    Connection{site, transport, ""}.run();
    CHECK(transport.output.substr(0, 30) == std::string{expected}.substr(0, 30));
  }
}

TEST_CASE("a malformed end of a head that never comes is a 400, however it was cut") {
  Bench bench{hello};
  for (const std::size_t piece : {std::string::npos, std::size_t{1}}) {
    bench.run("GET / HTTP/1.1\r\nHost: h\r\n\rabc", piece);
    CHECK(bench.said("HTTP/1.1 400 "));
  }
}

TEST_CASE("a connection that waits for a request holds no buffer") {
  Site site;
  site.application = hello;
  MemoryTransport transport{get("/1") + get("/2"), get("/1").size()};
  transport.pauses = true;
  int waits = 0;
  const char* buffer = nullptr;
  transport.on_wait = [&] {  // Taken while the connection holds it, another one would come.
    auto block = site.blocks.take(1);
    if (waits++ == 0) buffer = block.memory.get();
    CHECK(block.memory.get() == buffer);
    site.blocks.give_back(std::move(block));
  };
  Connection{site, transport, "192.0.2.1"}.run();
  CHECK(waits >= 3);
  CHECK(parse_answers(transport.output).size() == 2);
}

TEST_CASE("nothing of a request is left for the next one, on its connection or on another") {
  Bench bench{[](Request& request) {
    return Response::text(std::string{request.authority()} + "|" + std::string{request.query()} +
                          "|" + (request.has_body() ? "body " : "none ") + request.read_all());
  }};
  const std::string full =
      "POST http://h.example/a?q=1 HTTP/1.1\r\nHost: h.example\r\nExpect: 100-continue\r\n"
      "Content-Length: 4\r\n\r\nfour";
  const std::string bare = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  bench.run(full + bare + post("Content-Length: 3\r\n", ""));
  auto answers = parse_answers(bench.output);
  REQUIRE(answers.size() == 3);
  CHECK(answers[0].body == "h.example|q=1|body four");
  CHECK(answers[1].body == "||none ");
  CHECK_FALSE(bench.said("100 Continue"));  // Asked for by the first alone.

  bench.run(full);
  answers = parse_answers(bench.run(bare));
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].body == "||none ");
}

TEST_CASE("a client that is gone ends the connection without another call of the application") {
  int calls = 0;
  Site site;
  site.application = [&calls](Request&) {
    ++calls;
    return Response::stream(pieces(9), "text/plain");
  };
  MemoryTransport transport{get("/") + get("/")};
  transport.broken = true;
  Connection{site, transport, ""}.run();
  CHECK(calls == 1);
  CHECK(transport.writes == 1);
}

TEST_CASE("a path is decoded once, a query parameter as forms encode it") {
  Bench bench{[](Request& request) {
    return Response::text(std::string{request.path()} + "|" +
                          request.query_parameter("a b").value_or("none"));
  }};
  bench.run(get("/a%2Fb%252F+c?x=1&a+b=c%26d+e"));
  CHECK(parse_answers(bench.output).at(0).body == "/a/b%2F+c|c&d e");
}

TEST_CASE(
    "who still sends a body that nobody wants has more time, but not while the server stops") {
  for (const bool draining : {false, true}) {
    CAPTURE(draining);
    Site site;
    site.application = [](Request&) { return Response{413}; };
    site.draining = draining;
    MemoryTransport transport{post("Content-Length: 9999999\r\n", std::string(90'000, 'b')), 9000};
    Connection{site, transport, "192.0.2.1"}.run();
    CHECK(transport.shut_down);
    CHECK((transport.limits_to_close == 1) == draining);
  }
}

}  // namespace
