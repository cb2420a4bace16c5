// What clients of every kind see of a server on the wire: slow ones, large ones, rude ones.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/child_process.hpp"
#include "support/eventually.hpp"
#include "support/http_client.hpp"
#include "support/process_info.hpp"
#include "support/temporary_directory.hpp"
#include "support/time_limit.hpp"
#include "support/web.hpp"

using namespace std::chrono_literals;
using namespace thane::testing;

namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* program = PROGRAMS_DIR "/http_server";

std::string post(std::string_view target, std::string_view fields, std::string_view body) {
  return "POST " + std::string{target} + " HTTP/1.1\r\nHost: h\r\n" + std::string{fields} + "\r\n" +
         std::string{body};
}

TEST_CASE("a chunked body comes in whole, however it is cut") {
  Web web{program, 1};
  HttpClient client{web.port};
  const std::string request =
      post("/", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n6;a=\"b\"\r\n world\r\n0\r\n\r\n");
  client.send_raw(request);
  CHECK(client.receive_response().body == "POST / hello world");
  for (const char octet : request) client.send_raw({&octet, 1});
  CHECK(client.receive_response().body == "POST / hello world");
}

TEST_CASE("a stream goes out in chunks, each when it is there") {
  const TemporaryDirectory directory;
  Web web{program, 1, {}, {.environment = {"HTTP_SERVER_GATE=" + directory.file("gate")}}};
  HttpClient client{web.port};
  const auto answer = client.get("/app/stream");
  CHECK(answer.header("transfer-encoding") == "chunked");
  CHECK(answer.body == "onetwothree");

  client.send_get("/app/waiting-stream");
  CHECK(client.receive_head().find("chunked") != std::string::npos);
  CHECK(client.receive_exactly(11) == "6\r\nbefore\r\n");
  directory.write("gate", "");
  CHECK(client.receive_exactly(15) == "5\r\nafter\r\n0\r\n\r\n");
  CHECK(client.get("/").status == 200);

  HttpClient old{web.port};
  old.send_raw("GET /app/stream HTTP/1.0\r\n\r\n");
  CHECK(old.receive_head().find("chunked") == std::string::npos);
  CHECK(old.receive_to_end() == "onetwothree");
}

TEST_CASE("a body is sent only after 100 Continue, if the client wants to hear it") {
  Web web{program, 1};
  HttpClient client{web.port};
  client.send_raw(post("/", "Expect: 100-continue\r\nContent-Length: 5\r\n", ""));
  CHECK(client.receive_head() == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send_raw("hello");
  CHECK(client.receive_response().body == "POST / hello");

  client.send_raw(post("/app/unread", "Expect: 100-continue\r\nContent-Length: 5\r\n", ""));
  const auto answer = client.receive_response();  // Nobody knows whether the body will follow.
  CHECK(answer.body == "unread");
  CHECK(answer.header("connection") == "close");
  CHECK(client.closed_by_server());
}

TEST_CASE("a head that does not come in time is answered with 408, a silent client with the end") {
  Web web{program, 1, {"--web-client-header-timeout", "200ms"}};
  HttpClient slow{web.port};
  HttpClient silent{web.port};
  slow.send_raw("GET / HTTP/1.1\r\nHos");
  const auto answer = slow.receive_response();
  CHECK(answer.status == 408);
  CHECK(answer.header("connection") == "close");
  CHECK(slow.closed_by_server());
  CHECK(silent.receive_to_end().empty());
  CHECK(silent.closed_by_server());
}

// Until the server ends the connection, or for as long as patience lasts.
std::string trickle(HttpClient& client, std::string_view octet) {
  std::array<char, 4096> buffer{};
  std::string received;
  const auto deadline = Clock::now() + patience();
  while (Clock::now() < deadline) {
    client.send_raw(octet);
    observe_for(20ms);
    const auto size = ::recv(client.fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size == 0 || (size < 0 && errno != EAGAIN)) return received;
    if (size > 0) received.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return "never ended: " + received;
}

TEST_CASE("a head that comes octet by octet has no more time than another") {
  Web web{program, 1, {"--web-client-header-timeout", "300ms"}};
  HttpClient client{web.port};
  client.send_raw("GET / HTTP/1.1\r\nHost: h\r\nX-Long: ");
  CHECK(trickle(client, "x").starts_with("HTTP/1.1 408 "));
}

TEST_CASE("what an idle connection holds is little more than a page") {
  Web web{program, 1, {"--web-wsgi-default-pool-size", "500"}};
  const pid_t worker = web.parent.pid();
  CHECK(http_get(web.port, "/").status == 200);
  const auto before = anonymous_pss_kib_of(worker);
  std::vector<HttpClient> idle;
  for (int i = 0; i < 400; ++i) CHECK(idle.emplace_back(web.port).get("/").status == 200);
  if (!sanitized) {
    const auto limit = before + 6 * idle.size();
    CHECK(eventually([&] { return anonymous_pss_kib_of(worker) < limit; }));
  }
  for (HttpClient& client : idle) CHECK(client.get("/").status == 200);
}

TEST_CASE("a body that comes octet by octet is too slow, each octet in time or not") {
  Web web{program, 1, {"--web-client-socket-timeout", "300ms", "--web-min-client-rate", "5000"}};
  for (const bool chunked : {true, false}) {
    CAPTURE(chunked);
    HttpClient client{web.port};
    client.send_raw(
        post("/", chunked ? "Transfer-Encoding: chunked\r\n" : "Content-Length: 9999\r\n", ""));
    CHECK(trickle(client, chunked ? "1\r\nx\r\n" : "x").starts_with("HTTP/1.1 408 "));
  }
  HttpClient silent{web.port};
  silent.send_raw(post("/", "Content-Length: 5\r\n", "hell"));
  CHECK(silent.receive_response().status == 408);
}

TEST_CASE("a client that does not read its answer is reset") {
  Web web{program, 1, {"--web-client-socket-timeout", "300ms"}};
  HttpClient client{web.port};
  client.send_get("/app/big");
  web.parent.expect_line("127.0.0.1 \"GET /app/big HTTP/1.1\" status: 200");

  const auto pid = web.parent.pid();
  const auto sockets = [pid] {
    std::size_t count = 0;
    for (const auto& [fd, name] : open_fds(pid)) count += name.starts_with("socket:") ? 1U : 0U;
    return count;
  };
  const auto before = sockets();
  CHECK(eventually([&] { return sockets() < before; }));
  // The reset comes behind what was on its way; an end in good order would be a lie.
  std::array<char, 65536> buffer{};
  ssize_t size = 1;
  while (size > 0) size = ::recv(client.fd(), buffer.data(), buffer.size(), 0);
  CHECK(size < 0);
  CHECK(errno == ECONNRESET);
  CHECK(http_get(web.port, "/").status == 200);
}

TEST_CASE("what is too long is 414 or 431, and the connection ends") {
  Web web{program,
          1,
          {"--web-max-url-len", "100", "--web-max-header-line", "200", "--web-max-header-size",
           "1000", "--web-max-headers", "10"}};
  std::string many;
  for (int i = 0; i < 10; ++i) many += "A: b\r\n";
  std::string large;
  for (int i = 0; i < 8; ++i) large += "A: " + std::string(150, 'a') + "\r\n";
  const auto get = [](std::string_view target, std::string_view fields) {
    return "GET " + std::string{target} + " HTTP/1.1\r\nHost: h\r\n" + std::string{fields} + "\r\n";
  };
  for (const auto& one :
       {std::pair{200, get("/" + std::string(99, 'u'), "")},
        std::pair{414, get("/" + std::string(100, 'u'), "")},
        std::pair{414, "GET /" + std::string(5000, 'u')},  // Before its end has come.
        std::pair{200, get("/", "A: " + std::string(197, 'a') + "\r\n")},
        std::pair{431, get("/", "A: " + std::string(198, 'a') + "\r\n")},
        std::pair{431, get("/", many)}, std::pair{431, get("/", large)}}) {
    CAPTURE(one.second.substr(0, 200));
    HttpClient client{web.port};
    client.send_raw(one.second);
    const auto answer = client.receive_response();
    CHECK(answer.status == one.first);
    if (one.first == 200) continue;
    CHECK(answer.header("connection") == "close");
    CHECK(client.closed_by_server());
  }
}

TEST_CASE("the answer reaches a client that is still sending a body nobody wants") {
  Web web{program, 1, {"--web-max-unread-body", "1000", "--web-close-linger", "60"}};
  HttpClient client{web.port};
  client.send_raw(post("/app/unread", "Content-Length: 3000000\r\n", ""));
  web.parent.expect_line("127.0.0.1 \"POST /app/unread HTTP/1.1\" status: 200");
  const std::string block(10000, 'x');
  int sent = 0;
  while (sent < 300 && client.send_raw(block)) ++sent;
  CHECK(sent == 300);
  const auto answer = client.receive_response();
  CHECK(answer.body == "unread");
  CHECK(answer.header("connection") == "close");
  CHECK(client.receive_to_end().empty());
}

TEST_CASE("a client that goes on sending after its last answer is not listened to for ever") {
  Web web{program, 1, {"--web-close-linger", "100ms"}};
  HttpClient client{web.port};
  client.send_raw("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string block(10000, 'x');
  const auto deadline = Clock::now() + patience();
  bool listens = true;
  while (listens && Clock::now() < deadline) listens = client.send_raw(block);
  CHECK_FALSE(listens);
}

TEST_CASE("an exception is a 500, an empty one, and ends the connection") {
  for (const bool debug : {false, true}) {
    Web web{program, 1, {debug ? "--web-wsgi-server-debug" : "--web-nowsgi-server-debug"}};
    HttpClient client{web.port};
    const auto answer = client.get("/app/throw");
    CHECK(answer.status == 500);
    CHECK(answer.body == (debug ? "thrown on purpose" : ""));
    CHECK(client.closed_by_server());
    web.parent.expect_line("GET /app/throw failed: thrown on purpose");
    CHECK(http_get(web.port, "/").status == 200);
  }
}

TEST_CASE("an answer that is cut is a line of the access log, too") {
  Web web{program, 1};
  HttpClient client{web.port};
  client.send_get("/app/short");
  CHECK(client.receive_response().status == 0);
  web.parent.expect_line("GET /app/short: the body has 5 octets, its Content-Length said 9");
  web.parent.expect_line("127.0.0.1 \"GET /app/short HTTP/1.1\" status: 200  len: 5");
}

TEST_CASE(
    "a full worker leaves connections to others, and ends idle ones if nobody else is there") {
  Web web{program, 1, {"--web-wsgi-default-pool-size", "2"}};
  HttpClient first{web.port};
  HttpClient second{web.port};
  CHECK(first.get("/").status == 200);
  CHECK(second.get("/").status == 200);

  HttpClient third{web.port};
  CHECK(third.get("/").status == 200);
  CHECK(first.closed_by_server());  // It was idle for longest.
  CHECK(second.get("/").status == 200);
}

TEST_CASE("a worker that is full of requests at work accepts nothing until one ends") {
  const TemporaryDirectory directory;
  Web web{program,
          1,
          {"--web-wsgi-default-pool-size", "1"},
          {.environment = {"HTTP_SERVER_GATE=" + directory.file("gate")}}};
  HttpClient busy{web.port};
  busy.send_get("/app/wait");
  web.parent.expect_line("waiting at the gate");
  HttpClient waiting{web.port};
  waiting.send_get("/");
  observe_for(300ms);
  std::array<char, 1> octet{};
  CHECK(::recv(waiting.fd(), octet.data(), octet.size(), MSG_DONTWAIT) < 0);

  directory.write("gate", "");
  CHECK(busy.receive_response().body == "waited");
  CHECK(waiting.receive_response().status == 200);
}

#ifndef __SANITIZE_ADDRESS__  // Which takes all of the address space there is.
TEST_CASE("out of memory, a server drops connections, and serves on") {
  Web web{program,
          1,
          {"--web-wsgi-default-pool-size", "1000", "--web-backlog", "1000"},
          {.limits = {{RLIMIT_AS, 48 << 20}}}};
  std::vector<HttpClient> clients;
  for (int i = 0; i < 500; ++i) clients.emplace_back(web.port);
  web.parent.expect_line("web drops a connection: ");

  clients.clear();
  REQUIRE(eventually([&] { return http_get(web.port, "/").status == 200; }));
  CHECK(web.stop() == Exit{.code = 0});
}
#endif

// Each of these connections would outlive a stop, if the stop only looked at idle ones.
TEST_CASE("clients in the middle of something do not hold up a stop") {
  Web web{program, 1, {"--web-graceful-linger", "100ms"}};
  HttpClient silent{web.port};
  HttpClient half_a_head{web.port};
  half_a_head.send_raw("GET / HTTP/1.1\r\nHost:");
  HttpClient half_a_body{web.port};  // Answered already; what is left of its body is discarded.
  half_a_body.send_raw(post("/app/unread", "Content-Length: 5\r\n", "hell"));
  CHECK(half_a_body.receive_response().body == "unread");
  HttpClient not_closing{web.port};
  not_closing.send_raw("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  CHECK(not_closing.receive_response().status == 200);

  const auto begin = Clock::now();
  CHECK(web.stop() == Exit{.code = 0});
  CHECK(Clock::now() - begin < 5s);  // The limits for a head are a minute.
  CHECK(half_a_head.receive_response().status == 408);
}

TEST_CASE("a worker full of half-sent heads stops as soon as an empty one") {
  Web web{program, 1, {"--web-graceful-linger", "100ms", "--web-wsgi-default-pool-size", "1"}};
  HttpClient half_a_head{web.port};
  CHECK(half_a_head.get("/").status == 200);
  half_a_head.send_raw("GET / HTTP/1.1\r\nHost:");
  observe_for(100ms);  // Read by then; nothing shows it.
  HttpClient queued{web.port};
  queued.send_get("/");

  const auto begin = Clock::now();
  CHECK(web.stop() == Exit{.code = 0});
  CHECK(Clock::now() - begin < 5s);
  CHECK(half_a_head.receive_response().status == 408);
  CHECK(queued.receive_response().status == 200);
}

TEST_CASE("a stream that fails for a client which knows no chunks is reset, not ended") {
  Web web{program, 1};
  HttpClient client{web.port};
  client.send_raw("GET /app/fails HTTP/1.0\r\n\r\n");
  std::array<char, 4096> buffer{};
  ssize_t size = 1;
  while (size > 0) size = ::recv(client.fd(), buffer.data(), buffer.size(), 0);
  CHECK(size < 0);
  CHECK(errno == ECONNRESET);
}

TEST_CASE("a connection whose answer began before a stop does not stay idle after it") {
  const TemporaryDirectory directory;
  Web web{program,
          1,
          {"--web-graceful-linger", "1ms"},
          {.environment = {"HTTP_SERVER_GATE=" + directory.file("gate")}}};
  HttpClient client{web.port};
  client.send_get("/app/waiting-stream");
  web.parent.expect_line("waiting at the gate");
  web.parent.signal(SIGTERM);
  web.parent.expect_line("web stops serving");
  observe_for(200ms);  // The linger for idle connections is over.

  directory.write("gate", "");
  CHECK(client.receive_response().body == "beforeafter");
  const auto begin = Clock::now();
  CHECK(web.parent.wait_exit() == Exit{.code = 0});
  CHECK(Clock::now() - begin < 5s);  // keep_alive_timeout is 75 s.
}

TEST_CASE("what a client sends cannot break out of its place in the access log") {
  Web web{program, 1};
  HttpClient client{web.port};
  client.send_raw("GET /a\"b HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(client.receive_response().body == "GET /a\"b ");
  web.parent.expect_line("127.0.0.1 \"GET /a%22b HTTP/1.1\" status: 200");
  client.send_raw("GET /\x1b[2J HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(client.receive_response().status == 400);
  web.parent.expect_line("127.0.0.1 \"-\" status: 400");
}

TEST_CASE("the peer of a socket for both kinds of addresses is logged as what it is") {
  Web web{program, 1, {"--web-host", "::"}};
  CHECK(http_get(web.port, "/").status == 200);
  web.parent.expect_line("127.0.0.1 \"GET / HTTP/1.1\" status: 200");
}

}  // namespace
