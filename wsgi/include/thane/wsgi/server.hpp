// An HTTP server as a service: listens in the parent, serves in every worker.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <thane/config.hpp>
#include <thane/service.hpp>
#include <thane/wsgi/application.hpp>
#include <thane/wsgi/server_options.hpp>

namespace thane::wsgi {

/// What a Server is made of where all of it follows the configuration.
struct ServerSources {
  /// Makes the application: once in the constructor, before it listens, and again for each new
  /// configuration, which it may refuse by an exception; the application before then stays. Reads
  /// files, say, and must not suspend.
  std::function<Application()> application;
  /// Default: those of the group that is named as the server is.
  std::function<ServerOptions(const Snapshot&)> options = {};
};

/// Serves an Application over HTTP/1.1 and HTTP/1.0, one fiber for each connection.
///
///     int main(int argc, char** argv) {
///       const auto config = thane::Config::from_command_line(
///           argc, argv, {thane::launcher_options(), wsgi::options("web")});
///       auto web = std::make_unique<wsgi::Server>(config, "web", [](wsgi::Request& request) {
///         return wsgi::Response::text("hello from " + std::string{request.path()} + "\n");
///       });
///       return thane::launch(config, std::move(web), {.workers = 4})->wait();
///     }
///
/// The constructor binds and listens, so that all workers share one queue of connections.
/// stop() is graceful: connections that wait in the queue are accepted, or left to workers that
/// stay; requests at work are answered, idle connections get `graceful_linger` for one more
/// request, each answer ends its connection. start() after wait() serves again, on the same socket,
/// unless the launcher was stopping: then the socket listens no more. What it does and does not do
/// with a request is written in docs/http.md.
class Server : public Service {
 public:
  /// Takes its options from group `name` of the configuration (wsgi::options(name)).
  /// Throws std::system_error if it cannot listen, std::invalid_argument for a wsgi_log_format or
  /// unix_socket_mode that makes no sense, and std::runtime_error for certificates and keys that
  /// cannot be used; these are read before it listens.
  Server(const Config& config, std::string name, Application application);
  /// The same with an application that SIGHUP makes anew: see ServerSources. Connections that are
  /// open go on, and have it from their next request on. Throws what the functions throw, too.
  Server(const Config& config, std::string name, ServerSources sources);
  /// The same without a configuration.
  Server(std::string name, Application application, ServerOptions options);
  ~Server() override;

  void start() override;
  void stop() noexcept override;
  void wait() override;
  /// Reads the options again, but for those of the socket. Connections that are open keep the
  /// time limits they have begun.
  void reset() override;
  /// Reads certificates and keys, if they have changed: workers may not be allowed to. Throws
  /// std::runtime_error with the file and what is wrong with it. Makes the application.
  void prepare(const Snapshot& next) override;
  [[nodiscard]] std::string name() const override;

  /// For people: "127.0.0.1:8080" or "unix:/run/web.sock", with the real port.
  [[nodiscard]] const std::string& address() const noexcept;
  /// The port that was bound; 0 for a Unix socket.
  [[nodiscard]] std::uint16_t port() const noexcept;
  /// True once stop() was called because the launcher stops for good, as Request::draining().
  [[nodiscard]] bool draining() const noexcept;
  /// Connections open in this process.
  [[nodiscard]] std::size_t connections() const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thane::wsgi
