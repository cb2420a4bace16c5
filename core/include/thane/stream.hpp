// A connected socket, TCP or Unix, that fibers read and write as if it blocked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thane/unique_fd.hpp>

namespace thane {

/// Owns one connection. Its calls block the calling fiber and no other, end early with fiber_killed
/// or timeout_error like any suspension, and never raise SIGPIPE.
///
///     thane::Stream stream = thane::Stream::connect_tcp("127.0.0.1", 8080);
///     stream.write_all("GET / HTTP/1.0\r\n\r\n");
///     stream.shutdown_write();
///     std::array<char, 4096> buffer;
///     while (const std::size_t size = stream.read_some(buffer)) {
///       use({buffer.data(), size});
///     }
///
/// One fiber may read while another writes, all of them on the loop where the stream was first
/// used. Errors are std::system_error. Movable, but not while a fiber is in one of its calls.
class Stream {
 public:
  /// Connects to the first address of `host` that answers; see Listener::tcp for how to write it.
  /// A host name is looked up on a thread: other fibers go on, but kill() and Timeout wait for the
  /// resolver's answer. Throws std::system_error, which names the host or the address.
  static Stream connect_tcp(std::string_view host, std::uint16_t port);
  static Stream connect_unix(const std::string& path);

  /// Takes over a connected socket, and makes it non-blocking.
  explicit Stream(UniqueFd connected);
  Stream(Stream&& other) noexcept;
  Stream& operator=(Stream&& other) noexcept;
  ~Stream();

  /// Waits for at least one byte and returns how many were stored, at most the size of `buffer`.
  /// 0: the peer will send no more.
  std::size_t read_some(std::span<char> buffer);

  /// Returns when the kernel has taken all bytes. If it throws, some of them may have been sent.
  void write_all(std::string_view bytes);

  /// Tells the peer that no more will come; reading goes on.
  void shutdown_write();

  /// Ends the connection; calls that wait on it in other fibers throw ECANCELED. Idempotent.
  void close() noexcept;

  /// Gives the socket away; it stays open. To be called while no fiber waits on it.
  [[nodiscard]] UniqueFd release() noexcept;

  [[nodiscard]] bool is_open() const noexcept;
  [[nodiscard]] int fd() const noexcept;  ///< -1 when closed.
  /// For people: "127.0.0.1:50412", "unix:" for an unnamed peer on a Unix socket.
  [[nodiscard]] std::string peer() const;
  /// The peer's address alone, "127.0.0.1" also where IPv4 came to a socket for both; empty for a
  /// Unix socket. No system call if the stream was accepted.
  [[nodiscard]] std::string peer_ip() const;

 private:
  friend class Acceptor;
  class Impl;
  explicit Stream(std::unique_ptr<Impl> impl) noexcept;

  std::unique_ptr<Impl> impl_;
};

}  // namespace thane
