#include <thane/wsgi/server_options.hpp>

#include <doctest/doctest.h>

#include <thane/config.hpp>

#include "server_option_groups.hpp"

using thane::Config;
using namespace thane::wsgi;

namespace {

TEST_CASE("nova's, glance's and swift's names for options of a server count") {
  const auto config =
      Config::parse({"--web-bind-host", "::1", "--web-bind-port", "8776", "--web-max-clients", "5",
                     "--web-nokeep-alive", "--web-ssl-cert-file", "c", "--web-ssl-key-file", "k",
                     "--web-ssl-ca-file", "a"},
                    {options("web")});
  const ServerOptions said = options_from(*config.snapshot(), "web");
  CHECK(said.host == "::1");
  CHECK(said.port == 8776);
  CHECK(said.wsgi_default_pool_size == 5);
  CHECK_FALSE(said.wsgi_keep_alive);
  CHECK(said.cert_file == "c");
  CHECK(said.key_file == "k");
  CHECK(said.ca_file == "a");

  const auto glance = Config::parse({"--web-nohttp-keepalive"}, {options("web")});
  CHECK_FALSE(options_from(*glance.snapshot(), "web").wsgi_keep_alive);
}

TEST_CASE("servers that share their options have nova's name for the size of the pool") {
  const auto config =
      Config::parse({"--wsgi-default-pool-size", "7"}, {internal::shared_options("wsgi")});
  CHECK(internal::shared_options_from(*config.snapshot(), "wsgi").wsgi_default_pool_size == 7);
}

}  // namespace
