#include "http_measurements.hpp"

#include <fmt/core.h>

#include "kibibyte.hpp"

namespace thane::bench {

namespace {

constexpr const char* greeting = "Hello, World!";

Exchange get(std::string_view path, const std::string& body,
             Connections connections = Connections::kept, Transport transport = Transport::plain) {
  return {.request = get_request(path, connections),
          .body = body,
          .connections = connections,
          .transport = transport};
}

Exchange pipelined() {
  Exchange exchange = get("/hello", greeting);
  exchange.batch = 16;
  return exchange;
}

Exchange echo() {
  constexpr std::size_t size = 16 * 1024;
  const std::string body(size, 'x');
  return {.request = fmt::format(
              "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{}", size, body),
          .body = body};
}

}  // namespace

std::vector<HttpMeasurement> http_measurements() {
  const std::string json = kibibyte().dump();
  return {
      {.name = "hello",
       .title = "GET, 13 octets",
       .exchange = get("/hello", greeting),
       .servers = {"thane", "raw_epoll", "nginx", "cpp-httplib", "gunicorn", "eventlet"},
       .bars = {{"raw_epoll", 1.15}, {"nginx", 1}, {"eventlet", 0.1}}},
      {.name = "json",
       .title = "GET, JSON of 1 KiB, made for each request",
       .exchange = get("/json", json),
       .servers = {"thane", "raw_epoll", "nginx", "cpp-httplib", "gunicorn", "eventlet"},
       .bars = {{"raw_epoll", 1.2}, {"eventlet", 0.1}}},
      {.name = "pipelined",
       .title = "GET, 13 octets, 16 at a time",
       .exchange = pipelined(),
       .servers = {"thane", "raw_epoll", "nginx"},
       .bars = {{"raw_epoll", 1.3}}},
      {.name = "echo",
       .title = "POST of 16 KiB that comes back",
       .exchange = echo(),
       .servers = {"thane", "raw_epoll", "cpp-httplib", "gunicorn", "eventlet"},
       .bars = {{"eventlet", 0.1}}},
      {.name = "connections",
       .title = "GET, 13 octets, a connection each",
       .exchange = get("/hello", greeting, Connections::anew),
       .servers = {"thane", "raw_epoll", "nginx", "gunicorn", "uWSGI", "eventlet"},
       .bars = {{"eventlet", 0.1}}},
      {.name = "tls",
       .title = "GET, 13 octets, TLS 1.3",
       .exchange = get("/hello", greeting, Connections::kept, Transport::tls),
       .servers = {"thane", "nginx"}},
      {.name = "handshakes",
       .title = "GET, 13 octets, TLS 1.3 with a full handshake each",
       .exchange = get("/hello", greeting, Connections::anew, Transport::tls),
       .servers = {"thane", "nginx"},
       .bars = {{"nginx", 1}}},
      {.name = "routing",
       .title = "GET, 13 octets, behind 100 routes",
       .exchange = get("/resource57/42", greeting),
       .servers = {"thane", "thane router"},
       .comparison = Comparison::difference},
      {.name = "filters",
       .title = "GET, 13 octets, behind seven filters",
       .exchange = get("/hello", greeting),
       .servers = {"thane", "thane filters", "thane filters log"},
       .bars = {{"thane filters", 1}},
       .comparison = Comparison::difference},
      {.name = "idle",
       .title = "10,000 idle connections",
       .exchange = get("/hello", greeting),
       .servers = {"thane", "raw_epoll", "nginx", "eventlet"},
       .bars = {{"thane", 6 * 1024}},
       .quantity = Quantity::memory},
  };
}

}  // namespace thane::bench
