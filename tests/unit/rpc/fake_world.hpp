// What tests over fake:// have in common: a transport, and a loop in simulated time, where what
// takes minutes takes none.
#pragma once

#include <thane/fiber_loop.hpp>
#include <thane/rpc/transport.hpp>

namespace thane::testing {

struct FakeWorld {
  template <class Body>
  void run(Body body) {
    loop.run([&] { body(); });
  }
  /// Of a server or a listener.
  template <class Service>
  static void end(Service& service) {
    service.stop();
    service.wait();
  }

  rpc::Transport transport = rpc::Transport::from("fake://");
  FiberLoop loop{FiberLoop::Options{.time = Time::simulated}};
};

}  // namespace thane::testing
