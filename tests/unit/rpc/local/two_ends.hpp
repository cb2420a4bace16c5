// A link of local:// between two ends in one process.
#pragma once

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <thane/fiber_loop.hpp>
#include <thane/timeout.hpp>

#include "local/link.hpp"

namespace thane::testing {

struct TwoEnds {
  TwoEnds() {
    std::array<int, 2> fds{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) == 0);
    link = std::make_shared<rpc::internal::Link>(Stream{UniqueFd{fds[0]}}, nullptr);
    peer = std::make_shared<rpc::internal::Link>(Stream{UniqueFd{fds[1]}}, nullptr);
  }
  void run(const std::function<void()>& body) {
    loop.run([&] {
      const Timeout limit{std::chrono::seconds{10}};
      body();
      link->close();
      peer->close();
    });
  }
  /// The frames that come to `peer` until the end: "8 17" is kind and id.
  std::vector<std::string> to_the_end() const {
    std::vector<std::string> all;
    while (const auto frame = peer->next()) {
      all.push_back(std::to_string(static_cast<int>(frame->kind)) + " " +
                    std::to_string(frame->id));
    }
    return all;
  }

  FiberLoop loop;
  std::shared_ptr<rpc::internal::Link> link;
  std::shared_ptr<rpc::internal::Link> peer;
};

}  // namespace thane::testing
