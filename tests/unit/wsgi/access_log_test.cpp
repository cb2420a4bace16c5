#include "access_log.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>
#include <string>

#include <thane/wsgi/server_options.hpp>

using thane::wsgi::internal::AccessLog;

namespace {

std::string line(std::string_view format, std::string_view method = "GET") {
  std::string text;
  AccessLog{format}.append({.client_ip = "192.0.2.7",
                            .method = method,
                            .target = "/a?b",
                            .minor_version = 0,
                            .status = 404,
                            .body_length = 12,
                            .wall_time = std::chrono::microseconds{1500}},
                           text);
  return text;
}

TEST_CASE("the default format is the one that oslo.service has") {
  CHECK(line(thane::wsgi::ServerOptions{}.wsgi_log_format) ==
        "192.0.2.7 \"GET /a?b HTTP/1.0\" status: 404  len: 12 time: 0.0015000");
}

TEST_CASE("a percent sign is written twice, a request that was none is a dash") {
  CHECK(line("100%% %(request_line)s", "") == "100% -");
  CHECK(line("%(date_time)s").size() == 20);
}

TEST_CASE("a format with an unknown key, or with no key, is refused") {
  for (const char* bad :
       {"%(status)s", "%s", "50%", "%(client_ip)", "%(client_ip)x", "%(client_ip"}) {
    INFO(bad);
    CHECK_THROWS_AS(AccessLog{bad}, std::invalid_argument);
  }
}

}  // namespace
