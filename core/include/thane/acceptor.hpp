// Takes the connections that come to a Listener, in a fiber of a worker.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <thane/listener.hpp>
#include <thane/stream.hpp>

namespace thane {

/// Made in a worker, on a duplicate of the listener's descriptor: closing it takes nothing from the
/// parent or from other workers. The Listener need not outlive it.
///
/// Workers of one service share the connections evenly: one that has more of them than another
/// leaves what comes next to that one for a moment. docs/decisions/0024-fair-accept.md.
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
  /// Throws std::system_error if the acceptor was closed, or the socket does not listen any more.
  Stream accept();

  /// A connection that waits in the queue already; none: no connection, or no descriptor left for
  /// it. Never blocks: empties the queue before a graceful stop.
  std::optional<Stream> try_accept();

  enum class Nothing : std::uint8_t {
    waits,            ///< The queue was empty.
    can_be_accepted,  ///< There is no descriptor, or no memory, for another connection.
    will_come,  ///< And there is none: end_listening() was called, in this process or another.
  };
  /// Why the last try_accept() that returned nothing did so.
  [[nodiscard]] Nothing nothing() const noexcept;

  /// New clients are refused from now on, in no matter which process; connections that the kernel
  /// has accepted, or is accepting just now, can still be taken. False: not done, clients come as
  /// before. It takes Linux 5.7 (TCP) and a socket that is ours().
  bool refuse_new() noexcept;
  /// The socket listens no more, in no process. What still waits in the queue is reset (TCP). Not
  /// undone by anything: for those who stop for good, have refused new clients and emptied the
  /// queue. Does nothing to a socket that is not ours().
  void end_listening() noexcept;

  /// Accepts no more in this process. An accept() that waits throws ECANCELED. Idempotent. Where
  /// other processes go on, call try_accept() right before: a connection wakes one process alone,
  /// and one that has woken this one waits until the next one comes.
  void close() noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thane
