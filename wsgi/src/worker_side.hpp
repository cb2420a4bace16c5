// What a wsgi::Server is in a worker, from start() until all of its connections have ended.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include <thane/acceptor.hpp>
#include <thane/clock.hpp>
#include <thane/event.hpp>
#include <thane/fiber.hpp>
#include <thane/stream.hpp>
#include <thane/thread_group.hpp>
#include <thane/wsgi/application.hpp>
#include <thane/wsgi/server_options.hpp>

#include "access_log.hpp"
#include "deadlines.hpp"
#include "pace.hpp"
#include "site.hpp"

namespace thane::wsgi::internal {

/// Three kinds of fibers: one accepts, one for each connection, and, while there are connections,
/// one that looks at their deadlines about once a second. An idle worker without connections
/// sleeps.
class WorkerSide {
 public:
  WorkerSide(std::string name, const Listener& listener, Application application,
             const ServerOptions& options);
  WorkerSide(const WorkerSide&) = delete;
  WorkerSide& operator=(const WorkerSide&) = delete;

  void start();
  /// Begins to drain, once; returns at once.
  void stop() noexcept;
  /// Blocks until the last connection has ended after stop().
  void wait();
  /// Takes up all options but those of the socket.
  void apply(const ServerOptions& options);
  /// For connections that come from now on; none: they are not secured.
  void use(std::shared_ptr<const TlsContext> tls) noexcept;

  [[nodiscard]] std::size_t connections() const noexcept { return open_; }
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  [[nodiscard]] bool ending() const noexcept { return site_.ending; }

 private:
  void set_time_limits();
  void accept();
  void drain();
  [[nodiscard]] bool may_be_the_end() const noexcept;
  void go_on_for_a_while();
  void begin_to_drain();
  void take_the_rest();
  void accept_queue();
  [[nodiscard]] Duration linger() const noexcept;
  void end_late_connections();
  [[nodiscard]] bool is_full() const;
  void wait_while_full();
  void open(Stream stream);
  void serve(Stream stream);
  void connection_began() noexcept;
  void connection_ended() noexcept;
  void watch_deadlines();

  std::string name_;
  Acceptor acceptor_;
  ServerOptions options_;
  Pace pace_;
  std::optional<AccessLog> access_log_;
  Site site_;
  Deadlines deadlines_;
  std::size_t open_ = 0;
  bool watching_ = false;
  bool stopping_ = false;
  TimePoint stopped_at_{};
  bool ended_ = false;
  Event room_;     // A connection has ended.
  Event drained_;  // The last one has, after stop().
  Fiber accepting_;
  // Last, so that they end before what their fibers use.
  ThreadGroup connections_;
  ThreadGroup helpers_;
};

}  // namespace thane::wsgi::internal
