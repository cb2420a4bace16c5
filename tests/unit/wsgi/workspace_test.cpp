// What connections of one server hand to each other.
#include <doctest/doctest.h>

#include <string>
#include <utility>

#include <thane/fiber.hpp>

#include "connection.hpp"
#include "memory_transport.hpp"

using thane::wsgi::Request;
using thane::wsgi::Response;
using thane::wsgi::internal::Connection;
using thane::wsgi::internal::Site;
using thane::wsgi::internal::Workspace;

namespace {

std::string asking_for(const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n";
}

void serve(Site& site, const std::string& input) {
  thane::testing::MemoryTransport transport{input};
  Connection{site, transport, "192.0.2.1"}.run();
}

TEST_CASE("an answer that was never sent is not sent to the next client") {
  Site site;
  site.application = [](Request& request) -> Response {
    if (request.path() == "/killed") throw thane::fiber_killed{};
    return Response::text("for one alone");
  };
  CHECK_THROWS_AS(serve(site, asking_for("/") + asking_for("/killed")), thane::fiber_killed);
  const auto kept = site.workspaces.take();
  CHECK(kept->output.capacity() > std::string{}.capacity());  // It is the one that was used.
  CHECK(kept->output.empty());
}

TEST_CASE("a large answer leaves no memory behind") {
  Site site;
  site.application = [](Request&) { return Response::text(std::string(200'000, 'x')); };
  serve(site, asking_for("/"));
  CHECK(site.workspaces.take()->output.capacity() <= Workspace::max_capacity);
}

TEST_CASE("a connection that waits for its next request has given its workspace back") {
  Site site;
  site.application = [](Request&) { return Response::text("hello"); };
  thane::testing::MemoryTransport transport{asking_for("/")};
  bool given_back = false;
  transport.on_wait = [&] {
    auto work = site.workspaces.take();
    given_back = work->output.capacity() > std::string{}.capacity();
    site.workspaces.give_back(std::move(work));
  };
  Connection{site, transport, "192.0.2.1"}.run();
  CHECK(given_back);
}

}  // namespace
