// Files over real sockets: sent by the kernel or through TLS, to clients that are slow or leave.
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/certificates.hpp"
#include "support/temporary_directory.hpp"
#include "support/tls_client.hpp"
#include "support/web.hpp"

using namespace thane::testing;

namespace {

constexpr std::size_t large = 24 * 1024 * 1024;  // More than the kernel keeps for a client.

std::string numbers(std::size_t size) {
  std::string text;
  text.reserve(size + 16);
  for (std::uint32_t number = 1; text.size() < size; number = number * 1664525u + 1013904223u) {
    text += std::to_string(number);
  }
  text.resize(size);
  return text;
}

std::string request_for(std::string_view name, std::string_view fields = "") {
  return "GET /files/" + std::string{name} + " HTTP/1.1\r\nHost: h\r\n" + std::string{fields} +
         "\r\n";
}

struct Files {
  TemporaryDirectory folder;
  std::string text = numbers(large);
  std::string path = folder.write("large", text);
  Authority authority;
  std::unique_ptr<Web> web;

  void serve(std::vector<std::string> arguments = {}) {
    arguments.emplace_back("--web-wsgi-access-log=false");
    web =
        std::make_unique<Web>(PROGRAMS_DIR "/http_server", 1, std::move(arguments),
                              ChildOptions{.environment = {"HTTP_SERVER_FILES=" + folder.path()}});
  }
};

TEST_CASE_FIXTURE(Files, "a large file and its parts arrive as they are, in the clear") {
  serve();
  HttpClient client{web->port};
  CHECK(client.get("/files/large").body == text);
  client.send_raw(request_for("large", "Range: bytes=1000000-19999999\r\n"));
  const auto part = client.receive_response();
  CHECK(part.status == 206);
  CHECK(part.body == text.substr(1'000'000, 19'000'000));
  client.send_raw(request_for("large", "Range: bytes=5-6,-200000\r\n"));
  const auto parts = client.receive_response();
  CHECK(parts.header("content-type").starts_with("multipart/byteranges"));
  CHECK(parts.body.find(text.substr(large - 200'000)) != std::string::npos);
  CHECK(client.get("/app/unread").body == "unread");  // On the same connection.
}

TEST_CASE_FIXTURE(Files, "a large file arrives as it is through TLS") {
  const auto server = authority.issue("server");
  serve(
      {"--web-use-ssl=true", "--web-cert-file", server.certificate, "--web-key-file", server.key});
  TlsClient client{web->port, {.authority = authority.certificate()}};
  client.send(request_for("large", "Connection: close\r\n"));
  const std::string answer = client.receive_to_end();
  const auto end = answer.find("\r\n\r\n");
  REQUIRE(end != std::string::npos);
  CHECK(answer.substr(end + 4) == text);
  CHECK(client.ended_with_close_notify());
}

TEST_CASE_FIXTURE(Files, "who does not read, or leaves, holds up nobody and ends nothing") {
  serve();
  const std::string worker = http_get(web->port, "/app/pid").body;
  HttpClient slow{web->port};
  slow.send_raw(request_for("large"));
  CHECK(slow.receive_head().starts_with("HTTP/1.1 200"));
  for (int i = 0; i < 3; ++i) {
    HttpClient leaving{web->port};
    leaving.send_raw(request_for("large"));
    (void)leaving.receive_exactly(1000);
    const linger reset{1, 0};
    ::setsockopt(leaving.fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  }
  CHECK(http_get(web->port, "/app/pid").body == worker);
  CHECK(slow.receive_exactly(large) == text);
  CHECK(web->stop() == Exit{.code = 0});
  CHECK_FALSE(web->parent.printed("died"));
}

TEST_CASE_FIXTURE(Files, "a file that is cut while it is sent ends its connection") {
  serve();
  HttpClient client{web->port};
  client.send_raw(request_for("large") + request_for("large"));
  const std::string head = client.receive_head();
  CHECK(head.find("Content-Length: " + std::to_string(large)) != std::string::npos);
  REQUIRE(::truncate(path.c_str(), large - 100) == 0);
  CHECK(client.receive_to_end() == text.substr(0, large - 100));
  web->parent.expect_line("GET /files/large: the body has");
}

}  // namespace
