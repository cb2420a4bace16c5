#include "log/request_scope.hpp"

#include <doctest/doctest.h>

#include <string>
#include <thane/fiber.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/log.hpp>

namespace {

using thane::FiberLoop;
using thane::log::RequestScope;
using thane::log::internal::current_fiber_id;
using thane::log::internal::current_request_id;

TEST_CASE("a request's id is there while its scope is, and the outer one's after it") {
  CHECK(current_request_id().empty());
  {
    const RequestScope outer{"outer"};
    {
      const RequestScope inner{"inner"};
      CHECK(current_request_id() == "inner");
    }
    CHECK(current_request_id() == "outer");
  }
  CHECK(current_request_id().empty());
}

TEST_CASE("each fiber has a request of its own, whoever ran in between") {
  const RequestScope of_the_thread{"thread"};
  FiberLoop loop;
  loop.run([] {
    CHECK(current_request_id().empty());
    const auto serve = [](const std::string& id) {
      const RequestScope scope{id};
      thane::this_fiber::yield();
      CHECK(current_request_id() == id);
    };
    const thane::Fiber one = FiberLoop::current().spawn([&] { serve("one"); });
    const thane::Fiber two = FiberLoop::current().spawn([&] { serve("two"); });
    one.wait();
    two.wait();
  });
  CHECK(current_request_id() == "thread");
}

TEST_CASE("a line names the fiber that logs it, outside of fibers none") {
  CHECK(current_fiber_id() == 0);
  FiberLoop loop;
  loop.run([] { CHECK(current_fiber_id() == thane::this_fiber::current().id()); });
}

}  // namespace
