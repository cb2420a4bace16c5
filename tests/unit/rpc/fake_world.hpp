// What tests over fake:// have in common: a transport, and a loop in simulated time, where what
// takes minutes takes none.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <thane/fiber_loop.hpp>
#include <thane/rpc/serializer.hpp>
#include <thane/rpc/transport.hpp>
#include <utility>

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

/// Values travel as {"packed": VALUE, "for": USER}, contexts with `by` added to their users.
class Packing final : public rpc::Serializer {
 public:
  explicit Packing(std::string by) : by_(std::move(by)) {}

  nlohmann::json serialize_entity(const rpc::Context& context,
                                  nlohmann::json entity) const override {
    return {{"packed", std::move(entity)}, {"for", context.values().value("user_id", "nobody")}};
  }
  nlohmann::json deserialize_entity(const rpc::Context&, nlohmann::json entity) const override {
    return entity.at("packed");
  }
  rpc::Context serialize_context(const rpc::Context& context) const override {
    return with(context, ">");
  }
  rpc::Context deserialize_context(const rpc::Context& context) const override {
    return with(context, "<");
  }

 private:
  rpc::Context with(const rpc::Context& context, const char* direction) const {
    return rpc::Context{{{"user_id", context.values().value("user_id", "") + direction + by_}}};
  }
  std::string by_;
};

}  // namespace thane::testing
