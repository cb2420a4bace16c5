#include "tls_transport.hpp"

#include <doctest/doctest.h>

#include "memory_transport.hpp"
#include "tls_context.hpp"
#include "tls_tickets.hpp"
#include "tls_world.hpp"

using thane::testing::MemoryTransport;
using thane::wsgi::internal::TlsContext;
using thane::wsgi::internal::TlsTickets;
using thane::wsgi::internal::TlsTransport;
using thane::wsgi::internal::Waiting;

namespace {

TEST_CASE("a handshake has as much time as a first request, and no more") {
  const thane::testing::TemporaryDirectory folder;
  const TlsTickets tickets;
  const TlsContext context{{.cert_file = thane::testing::write_certificate(folder, "server")},
                           tickets};
  MemoryTransport below{""};
  below.pauses = below.time_out_at_end = true;
  Waiting waited_for = Waiting::nothing;
  below.on_wait = [&] { waited_for = below.waiting; };
  TlsTransport transport{below, context};
  CHECK_FALSE(transport.handshake());
  CHECK(waited_for == Waiting::first);
  CHECK(transport.why() == "it took too long");
}

}  // namespace
