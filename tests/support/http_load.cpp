#include "http_load.hpp"

#include <optional>
#include <random>
#include <system_error>

#include "eventually.hpp"

namespace thane::testing {

HttpLoad::HttpLoad(std::uint16_t port, int clients, Connections connections,
                   const LoadOptions& options) {
  start(clients, connections, options, [port] { return HttpClient{port}; });
}

HttpLoad::HttpLoad(const std::string& path, int clients, Connections connections,
                   const LoadOptions& options) {
  start(clients, connections, options, [path] { return HttpClient{path}; });
}

void HttpLoad::start(int clients, Connections connections, const LoadOptions& options,
                     const Connect& connect) {
  asking_ = clients;
  for (int i = 0; i < clients; ++i) {
    threads_.emplace_back([this, connect, connections, options, i] {
      ask(connect, connections, options, static_cast<unsigned>(i));
      --asking_;
    });
  }
}

bool HttpLoad::await_answers(std::size_t count) const {
  const std::size_t wanted = answers_ + count;
  return eventually([&] { return answers_ >= wanted; });
}

bool HttpLoad::await_refusal() const {
  return eventually([&] { return asking_ == 0; });
}

std::vector<std::string> HttpLoad::end() {
  ended_ = true;
  for (std::thread& thread : threads_) {
    thread.join();
  }
  threads_.clear();
  return failures_;
}

void HttpLoad::ask(const Connect& connect, Connections connections, const LoadOptions& options,
                   unsigned seed) {
  std::mt19937 random{seed};
  std::uniform_int_distribution<std::int64_t> pause{0, options.longest_pause.count()};
  std::optional<HttpClient> client;
  std::size_t served = 0;  // On this connection.
  while (!ended_) {
    try {
      if (!client) {
        client.emplace(connect());
        served = 0;
      } else {
        observe_for(std::chrono::milliseconds{pause(random)});
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
      const bool refused = error.code() == std::errc::connection_refused ||
                           error.code() == std::errc::no_such_file_or_directory;
      if (refused && options.refusal == Refusal::ends) {
        return;
      }
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
