#include "tls_tickets.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tls_context.hpp"
#include "tls_world.hpp"

using namespace thane::testing;
using thane::wsgi::internal::TlsContext;
using thane::wsgi::internal::TlsTickets;

namespace {

constexpr std::int64_t twelve_hours = 12 * 3600;
std::int64_t now = 0;

TEST_CASE("the keys of a time have nothing in common with each other, nor with those of another") {
  const TlsTickets tickets, others;
  std::vector<std::string> all;
  for (const auto& keys : {tickets.make_keys(7), tickets.make_keys(8), others.make_keys(7)}) {
    const auto add = [&all](const auto& octets) {
      const std::string text{octets.begin(), octets.end()};
      for (std::size_t at = 0; at < text.size(); at += 16) all.push_back(text.substr(at, 16));
    };
    add(keys.name);
    add(keys.cipher);
    add(keys.mac);
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) CHECK(all[i] != all[j]);
  }
  CHECK(tickets.make_keys(7).cipher == tickets.make_keys(7).cipher);
}

TEST_CASE("a ticket is good in its own twelve hours and the next, where it is exchanged") {
  const TemporaryDirectory folder;
  const TlsTickets tickets{[] { return now; }};
  const TlsContext context{{.cert_file = write_certificate(folder, "server")}, tickets};
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    CAPTURE(version);
    now = 100 * twelve_hours;
    ClientWords words{.version = version};
    const TlsTalk first{context.new_connection(), words};
    REQUIRE(first.connected());
    CHECK_FALSE(first.resumed());
    words.session = first.session();
    CHECK(TlsTalk(context.new_connection(), words).resumed());

    now += twelve_hours;
    const TlsTalk next{context.new_connection(), words};
    CHECK(next.resumed());
    now += twelve_hours;
    CHECK_FALSE(TlsTalk(context.new_connection(), words).resumed());
    words.session = next.session();
    CHECK(TlsTalk(context.new_connection(), words).resumed());
  }
}

}  // namespace
