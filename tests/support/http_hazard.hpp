// tests/programs/hazard as an HTTP service under test.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "child_process.hpp"
#include "hazard.hpp"
#include "http_client.hpp"

namespace thane::testing {

/// Serves on a port of its own; ready when the constructor returns.
struct HttpHazard {
  /// `arguments` follow those that name the port; `workers` is a number.
  explicit HttpHazard(const std::string& workers, const ChildOptions& options = {},
                      std::vector<std::string> arguments = {})
      : port(free_port()), parent(hazard, all_arguments(workers, std::move(arguments)), options) {
    parent.expect_line("parent ready");
  }

  std::uint16_t port;
  ChildProcess parent;

 private:
  std::vector<std::string> all_arguments(const std::string& workers,
                                         std::vector<std::string> more) const {
    more.insert(more.begin(),
                {"http", workers, "--web.host=127.0.0.1", "--web.port=" + std::to_string(port),
                 "--web.wsgi_access_log=false"});
    return more;
  }
};

/// Requests that are at work when the constructor returns, each on a connection of its own.
struct SlowRequests {
  SlowRequests(HttpHazard& server, int count, const std::string& path = "/slow") {
    for (int i = 0; i < count; ++i) {
      clients.push_back(std::make_unique<HttpClient>(server.port));
      clients.back()->send_get(path);
      server.parent.expect_line("slow request begun");
    }
  }

  std::vector<std::unique_ptr<HttpClient>> clients;
};

}  // namespace thane::testing
