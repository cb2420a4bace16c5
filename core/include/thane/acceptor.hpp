// Takes the connections that come to a Listener, in a fiber of a worker.
#pragma once

#include <memory>
#include <optional>
#include <thane/listener.hpp>
#include <thane/stream.hpp>

namespace thane {

/// Made in a worker, on a duplicate of the listener's descriptor: closing it takes nothing from the
/// parent or from other workers. The Listener need not outlive it.
///
///     thane::Acceptor acceptor{listener};
///     for (;;) {
///       group.spawn([stream = std::make_shared<thane::Stream>(acceptor.accept())] {
///         serve(*stream);
///       });
///     }
class Acceptor {
 public:
  /// Throws std::system_error if there are no descriptors left.
  explicit Acceptor(const Listener& listener);
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  /// Blocks the calling fiber until there is a connection. Kill and Timeout interrupt the wait
  /// only: a connection that was taken from the queue is returned. A connection that its client
  /// gave up is skipped. When the process or the machine is out of descriptors or memory, pauses
  /// for 100 ms and logs a warning, at most once a second; what waits in the queue is not lost.
  /// Throws std::system_error if the acceptor was closed.
  Stream accept();

  /// A connection that waits in the queue already; none: no connection, or no descriptor left for
  /// it. Never blocks: empties the queue before a graceful stop.
  std::optional<Stream> try_accept();

  /// Accepts no more in this process. An accept() that waits throws ECANCELED. Idempotent.
  void close() noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thane
