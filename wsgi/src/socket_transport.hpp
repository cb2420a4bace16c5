// A Transport over a socket, on the fiber of its connection.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <string>
#include <string_view>

#include <thane/unique_fd.hpp>

#include "deadlines.hpp"
#include "pace.hpp"
#include "transport.hpp"

namespace thane::wsgi::internal {

/// Reads through Asio, which tries before it waits, and writes straight to the socket: one system
/// call each for the usual request. When its time is over, what it waits for is cancelled. A peer
/// that does not take what we write is reset, so that the kernel does not keep it either.
class SocketTransport final : public Transport, public Limited {
 public:
  /// `pace`: what is asked of the peer, of bodies and of answers.
  SocketTransport(UniqueFd socket, Deadlines& deadlines, const Pace& pace);

  /// The peer's IP address; empty for a Unix socket.
  [[nodiscard]] std::string_view peer() const noexcept { return peer_; }

  void expect(Waiting what) override;
  [[nodiscard]] bool timed_out() const override { return timed_out_; }
  [[nodiscard]] std::size_t read_some(char* to, std::size_t size) override;
  [[nodiscard]] bool write_all(std::string_view data) override;
  /// By sendfile(): the octets do not pass through this process.
  [[nodiscard]] SentFile send_file(int fd, std::uint64_t offset, std::uint64_t size) override;
  void shutdown_send() override;
  void abort() override;

  void on_deadline() override;

 private:
  using Socket = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol,
                                                  boost::asio::io_context::executor_type>;
  template <class Attempt>
  SentFile push(std::uint64_t size, Attempt attempt);
  bool wait_writable(Duration& waited);
  void give_up();

  Socket socket_;
  Deadlines& deadlines_;
  Pace reading_;
  Pace writing_;
  Waiting waiting_ = Waiting::nothing;
  TimePoint since_{};
  bool timed_out_ = false;
  std::string peer_;
};

}  // namespace thane::wsgi::internal
