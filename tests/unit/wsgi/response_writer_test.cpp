#include "response_writer.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

using thane::wsgi::Response;
using namespace thane::wsgi::internal;

namespace {

std::string written(const Response& response, Delivery delivery = {}) {
  delivery.standard = "HTTP/1.1 200 OK\r\nServer: thane\r\nDate: DATE\r\n";
  std::string out;
  write_response(response, delivery, out);
  return out;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("the usual answer, octet by octet") {
  CHECK(written(Response::text("hello")) ==
        "HTTP/1.1 200 OK\r\nServer: thane\r\nDate: DATE\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n\r\nhello");
}

TEST_CASE("a head of any size is written whole") {
  for (std::size_t size = 300; size < 1200; size += 7) {
    const std::string value(size, 'v');
    CHECK(written(Response{404}.add_header("X", value).add_header("Y", "z")) ==
          "HTTP/1.1 404 Not Found\r\nX: " + value +
              "\r\nY: z\r\nServer: thane\r\nDate: DATE\r\nContent-Length: 0\r\n\r\n");
  }
}

TEST_CASE("JSON has its type, and a type of the application goes before ours") {
  CHECK(has(written(Response::json({{"id", 7}})),
            "application/json\r\nContent-Length: 8\r\n\r\n{\"id\":7}"));
  const auto html = written(Response::text("x").add_header("content-type", "text/html"));
  CHECK(has(html, "content-type: text/html\r\n"));
  CHECK_FALSE(has(html, "text/plain"));
}

TEST_CASE("Date and Server are added only if absent") {
  const auto own = written(Response{200}.add_header("Date", "mine").add_header("Server", "other"));
  CHECK_FALSE(has(own, "DATE"));
  CHECK_FALSE(has(own, "thane"));
}

TEST_CASE("fields that concern the connection are the server's to say") {
  Response response{200};
  for (const char* name : {"Connection", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding",
                           "Upgrade", "Proxy-Connection", "Content-Length"}) {
    response.add_header(name, "77");
  }
  CHECK_FALSE(has(written(response), "77"));
}

TEST_CASE("several fields of one name stay several, unless they are set") {
  auto response = Response{200}.add_header("Set-Cookie", "a=1").add_header("Set-Cookie", "b=2");
  CHECK(has(written(response), "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n"));
  response.set_header("set-cookie", "c=3");
  CHECK_FALSE(has(written(response), "Set-Cookie: "));
}

TEST_CASE("nothing can be injected through a header or a reason") {
  Response response{200};
  CHECK_THROWS_AS(response.add_header("X", "a\r\nY: b"), std::invalid_argument);
  CHECK_THROWS_AS(response.add_header("X", "a\nb"), std::invalid_argument);
  CHECK_THROWS_AS(response.add_header("X", std::string("a\0b", 3)), std::invalid_argument);
  CHECK_THROWS_AS(response.add_header("X: y", "a"), std::invalid_argument);
  CHECK_THROWS_AS(response.add_header("", "a"), std::invalid_argument);
  CHECK_THROWS_AS(response.set_status(200, "OK\r\nX: y"), std::invalid_argument);
  CHECK_THROWS_AS(response.set_status(99), std::invalid_argument);
  CHECK_THROWS_AS(response.set_status(100), std::invalid_argument);
}

TEST_CASE("a status has its usual reason or the application's own") {
  CHECK(has(written(Response{404}), "HTTP/1.1 404 Not Found\r\n"));
  CHECK(has(written(Response{299}), "HTTP/1.1 299 Unknown\r\n"));
  CHECK(has(written(Response{200}.set_status(200, "Fine")), "HTTP/1.1 200 Fine\r\n"));
}

TEST_CASE("the date changes with the second") {
  StandardFields fields;
  CHECK(fields.at(784111777) ==
        "HTTP/1.1 200 OK\r\nServer: thane\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  CHECK(fields.at(784111778) ==
        "HTTP/1.1 200 OK\r\nServer: thane\r\nDate: Sun, 06 Nov 1994 08:49:38 GMT\r\n");
}

TEST_CASE("a chunk has its size in front, and an empty one is none") {
  std::string out;
  write_chunk("0123456789abcdef", out);
  write_chunk("", out);
  write_last_chunk(out);
  CHECK(out == "10\r\n0123456789abcdef\r\n0\r\n\r\n");
}

}  // namespace
