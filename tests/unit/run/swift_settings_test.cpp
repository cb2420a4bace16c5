#include "swift_settings.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <thread>

#include <thane/launch.hpp>
#include <thane/wsgi/server_options.hpp>

using namespace std::chrono_literals;
using thane::Config;
using thane::OptGroup;
using thane::wsgi::Settings;

namespace {

// The configuration that a file with these settings makes.
Config configured(const Settings& settings, const std::vector<std::string>& arguments = {}) {
  const std::vector<OptGroup> own{thane::launcher_options(),
                                  {"DEFAULT", {thane::workers_opt()}},
                                  thane::wsgi::options(thane::internal::server_group)};
  return Config::parse(arguments, own, {},
                       [=] { return thane::internal::values_from(settings, own, "proxy.conf"); });
}

thane::wsgi::ServerOptions server(const Config& config) {
  return thane::wsgi::options_from(*config.snapshot(), "server");
}

TEST_CASE("Swift's words become options, and its defaults hold where it says nothing") {
  const auto quiet = configured({});
  CHECK(server(quiet).host == "0.0.0.0");
  CHECK(server(quiet).backlog == 4096);
  CHECK(server(quiet).client_socket_timeout == 60s);
  CHECK(server(quiet).wsgi_default_pool_size == 1024);
  CHECK(server(quiet).bind_timeout == 30s);
  CHECK_FALSE(server(quiet).use_ssl);
  CHECK(quiet.get<bool>("capture_stdio"));

  const auto said = configured({{"bind_ip", "127.0.0.1"},
                                {"bind_port", "6200"},
                                {"max_clients", "5"},
                                {"client_timeout", "1.5"},
                                {"user", "swift"},
                                {"log_level", "WARN"},
                                {"cert_file", "c.pem"},
                                {"capture_stdio", "no"},
                                {"swift_dir", "/etc/swift"}});
  CHECK(server(said).host == "127.0.0.1");
  CHECK(server(said).port == 6200);
  CHECK(server(said).wsgi_default_pool_size == 5);
  CHECK(server(said).client_socket_timeout == 1500ms);
  CHECK(server(said).use_ssl);
  CHECK(server(said).cert_file == "c.pem");
  CHECK(said.get<std::string>("user") == "swift");
  CHECK(said.get<std::string>("log_level") == "warning");
  CHECK_FALSE(said.get<bool>("capture_stdio"));
}

TEST_CASE("each of Swift's words is the option that means the same") {
  const auto said = configured({{"backlog", "17"},
                                {"bind_timeout", "1.5"},
                                {"keep_idle", "300"},
                                {"keepalive_timeout", "11"},
                                {"max_header_size", "4096"},
                                {"log_file", "/var/log/swift"},
                                {"debug", "yes"}});
  CHECK(server(said).backlog == 17);
  CHECK(server(said).bind_timeout == 1500ms);
  CHECK(server(said).tcp_keepidle == 300s);
  CHECK(server(said).keep_alive_timeout == 11s);
  CHECK(server(said).max_header_line == 4096);
  CHECK(said.get<std::string>("log_file") == "/var/log/swift");
  CHECK(said.get<bool>("debug"));
}

TEST_CASE("no time between requests is no keep-alive, as in Swift, and not one without an end") {
  CHECK(server(configured({{"keepalive_timeout", "11"}})).wsgi_keep_alive);
  for (const char* none : {"0", "0.0"}) {
    CHECK_FALSE(server(configured({{"keepalive_timeout", none}})).wsgi_keep_alive);
  }
}

TEST_CASE("workers are a number or auto, and none is one process") {
  CHECK(configured({{"workers", "auto"}}).get<int>("workers") >= 1);
  CHECK(configured({{"workers", "3"}}).get<int>("workers") == 3);
  CHECK(configured({{"workers", "0"}}).get<int>("workers") == 1);
  for (const char* wrong : {"many", "-1", "", "1.5"}) {
    CHECK_THROWS_AS(configured({{"workers", wrong}}), thane::config_error);
  }
  CHECK_THROWS_WITH_AS(configured({{"workers", "many"}}),
                       "proxy.conf: workers = many: Expected an integer or \"auto\"",
                       thane::config_error);
}

TEST_CASE("thane's own names count as well, and the command line goes before the file") {
  const Settings settings{{"host", "::1"},
                          {"bind_port", "6200"},
                          {"graceful_shutdown_timeout", "5"},
                          {"wsgi_access_log", "no"}};
  const auto config = configured(settings, {"--server-port", "7000"});
  CHECK(server(config).host == "::1");
  CHECK(server(config).port == 7000);
  CHECK_FALSE(server(config).wsgi_access_log);
  CHECK(config.get<std::chrono::seconds>("graceful_shutdown_timeout") == 5s);
}

TEST_CASE("what cannot be is told with the file and the option") {
  CHECK_THROWS_WITH_AS(configured({{"bind_port", "http"}}),
                       "proxy.conf: server.port: \"http\" is not an integer", thane::config_error);
}

TEST_CASE("words are understood in capitals, and syslog's levels by ours") {
  CHECK(configured({{"workers", "AUTO"}}).get<int>("workers") ==
        static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
  CHECK(configured({{"log_level", "Notice"}}).get<std::string>("log_level") == "info");
  CHECK(configured({{"log_level", "ERROR"}}).get<std::string>("log_level") == "error");
}

}  // namespace
