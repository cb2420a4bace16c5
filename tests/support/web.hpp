// A real HTTP server under test: a program, its port, and the words of its log.
#pragma once

#include <signal.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "child_process.hpp"
#include "http_client.hpp"

namespace thane::testing {

/// Started with so many workers on a port that was free, and ready when the constructor returns.
///
///     Web web{EXAMPLES_DIR "/web", 4, {"--web-max-url-len", "100"}};
///     HttpClient client{web.port};
struct Web {
  Web(std::string program, int workers, std::vector<std::string> arguments = {},
      const ChildOptions& options = {})
      : parent(std::move(program), with_port(port, workers, std::move(arguments)), options) {
    parent.expect_line("parent ready");
  }

  /// Tells it to stop and waits until it has.
  Exit stop() {
    parent.signal(SIGTERM);
    return parent.wait_exit();
  }

  std::uint16_t port = free_port();
  ChildProcess parent;

 private:
  static std::vector<std::string> with_port(std::uint16_t port, int workers,
                                            std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {"--workers", std::to_string(workers), "--web-port", std::to_string(port)});
    return arguments;
  }
};

}  // namespace thane::testing
