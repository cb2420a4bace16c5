// What a Connection needs of a socket. Tests bring one made of strings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace thane::wsgi::internal {

/// What a connection waits for; each has a time limit of its own (an option of wsgi::Server).
enum class Waiting : std::uint8_t {
  nothing,  ///< The application is at work: no limit of ours.
  first,    ///< The connection is new: a first request may come.
  idle,     ///< A next request may come.
  head,     ///< A request has begun: all of its head has to come within the limit.
  body,     ///< The application reads: each wait has the limit, and all together a pace.
  discard,  ///< What the application left of a body: all of it has to come within the limit.
  write,    ///< The peer has to read.
  close,    ///< The peer has to close.
};

/// How far a file was sent.
struct SentFile {
  enum class Outcome : std::uint8_t { whole, file_ended, peer_gone };
  Outcome outcome = Outcome::whole;
  std::uint64_t octets = 0;
};

/// A stream of octets. Calls block the fiber. Nothing is thrown for what the peer or the network
/// does.
class Transport {
 public:
  virtual ~Transport() = default;

  /// From now on the limit for `what` runs; when it is over, reading and writing ends as at the end
  /// of the stream, and timed_out() is true.
  virtual void expect(Waiting what) = 0;
  [[nodiscard]] virtual bool timed_out() const = 0;

  /// At least one octet, or 0 at the end: closed by the peer, broken, or timed out. What has come
  /// when the time is over is still returned.
  [[nodiscard]] virtual std::size_t read_some(char* to, std::size_t size) = 0;
  /// The same without waiting; nothing if nothing has come yet.
  [[nodiscard]] virtual std::optional<std::size_t> try_read(char* to, std::size_t size) {
    return read_some(to, size);
  }
  /// Waits until try_read() may find something, so that nobody holds memory for it meanwhile.
  virtual void await_input() {}
  /// All of it; false if the peer is gone or too slow.
  [[nodiscard]] virtual bool write_all(std::string_view data) = 0;
  /// A part of a file. Throws std::system_error if it cannot be read. This one reads it; a socket
  /// may have the kernel do it.
  [[nodiscard]] virtual SentFile send_file(int fd, std::uint64_t offset, std::uint64_t size);
  /// Nobody between us and the peer can read along.
  [[nodiscard]] virtual bool secure() const noexcept { return false; }
  /// Tells the peer that nothing more will come.
  virtual void shutdown_send() = 0;
  /// Ends the connection so that the peer sees it did not end as it should.
  virtual void abort() = 0;

 protected:
  Transport() = default;
  Transport(const Transport&) = default;
  Transport& operator=(const Transport&) = default;
};

}  // namespace thane::wsgi::internal
