#include "http_load.hpp"

#include <optional>
#include <system_error>

#include "eventually.hpp"
#include "http_client.hpp"

namespace thane::testing {

HttpLoad::HttpLoad(std::uint16_t port, int clients, Connections connections) {
  for (int i = 0; i < clients; ++i) {
    threads_.emplace_back([this, port, connections] { ask(port, connections); });
  }
}

bool HttpLoad::await_answers(std::size_t count) const {
  const std::size_t wanted = answers_ + count;
  return eventually([&] { return answers_ >= wanted; });
}

std::vector<std::string> HttpLoad::end() {
  ended_ = true;
  for (std::thread& thread : threads_) {
    thread.join();
  }
  threads_.clear();
  return failures_;
}

void HttpLoad::ask(std::uint16_t port, Connections connections) {
  std::optional<HttpClient> client;
  std::size_t served = 0;  // On this connection.
  while (!ended_) {
    try {
      if (!client) {
        client.emplace(port);
        served = 0;
      }
      const HttpResponse response = client->get("/pid");
      if (response.status == 200) {
        ++answers_;
        ++served;
      } else {
        failed("status " + std::to_string(response.status) + " for request " +
               std::to_string(served + 1) + " of a connection");
      }
      if (connections == Connections::anew || response.status != 200 ||
          response.header("connection") == "close") {
        client.reset();
      }
    } catch (const std::system_error& error) {
      failed(error.what());
      client.reset();
    }
  }
}

void HttpLoad::failed(const std::string& how) {
  const std::lock_guard lock{mutex_};
  failures_.push_back(how);
}

}  // namespace thane::testing
