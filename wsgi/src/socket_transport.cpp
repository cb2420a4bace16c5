#include "socket_transport.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <cerrno>

#include <thane/asio.hpp>
#include <thane/fiber.hpp>

#include "files/read_piece.hpp"

namespace thane::wsgi::internal {

namespace {

struct Address {
  sockaddr_storage storage{};
  int family() const { return storage.ss_family; }
};

std::string address_text(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* octets = nullptr;
  int family = address.family();
  if (family == AF_INET) {
    octets = &reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_addr;
  } else if (family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_addr;
    const bool mapped = IN6_IS_ADDR_V4MAPPED(&v6);  // An IPv4 peer of a socket for both.
    octets = mapped ? &v6.s6_addr[12] : &v6.s6_addr[0];
    family = mapped ? AF_INET : AF_INET6;
  }
  if (octets == nullptr) return {};
  ::inet_ntop(family, octets, text.data(), text.size());
  return text.data();
}

Address peer_address(int fd) {
  Address address;
  socklen_t size = sizeof(address.storage);
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address.storage), &size) != 0) {
    address.storage.ss_family = AF_UNSPEC;  // It is gone already.
  }
  return address;
}

}  // namespace

SocketTransport::SocketTransport(UniqueFd socket, Deadlines& deadlines, const Pace& pace)
    : socket_(io_context()), deadlines_(deadlines), reading_(pace), writing_(pace) {
  const Address address = peer_address(socket.get());
  peer_ = address_text(address);
  // The family is of no consequence to what we do with the socket, but Asio wants one.
  const int family = address.family() == AF_UNSPEC ? AF_INET : address.family();
  socket_.assign({family, 0}, socket.get());
  (void)socket.release();
  socket_.native_non_blocking(true);
}

void SocketTransport::expect(Waiting what) {
  timed_out_ = false;
  waiting_ = what;
  if (what == Waiting::nothing) return deadlines_.disarm(*this);
  since_ = SteadyClock::now();
  deadlines_.arm(*this, what, since_);
  if (what == Waiting::first || what == Waiting::idle || what == Waiting::head) {
    reading_.restart();
    writing_.restart();
  }
}

std::size_t SocketTransport::read_some(char* to, std::size_t size) {
  if (timed_out_) return 0;
  boost::system::error_code error;
  auto count = socket_.async_read_some(boost::asio::buffer(to, size), await[error]);
  if (error && timed_out_) {
    // A request that came while its time ran out is answered, and not reset.
    const auto late = ::recv(socket_.native_handle(), to, size, MSG_DONTWAIT);
    count = late > 0 ? static_cast<std::size_t>(late) : 0;
  } else if (error) {
    return 0;
  }
  if (waiting_ == Waiting::body && !reading_.note(SteadyClock::now() - since_, count)) {
    timed_out_ = true;
    return 0;
  }
  return count;
}

// `attempt` tries to hand `left` octets to the kernel, as send() does it; 0 means there are no
// more.
template <class Attempt>
SentFile SocketTransport::push(std::uint64_t size, Attempt attempt) {
  using Outcome = SentFile::Outcome;
  SentFile sent;
  Duration waited{};
  while (sent.octets < size) {
    const ssize_t count = attempt(static_cast<std::size_t>(size - sent.octets));
    if (count == 0) {
      sent.outcome = Outcome::file_ended;
      return sent;
    }
    if (count > 0) {
      const auto octets = static_cast<std::size_t>(count);
      sent.octets += octets;
      if (!writing_.note(waited, octets)) {
        give_up();
        sent.outcome = Outcome::peer_gone;
        return sent;
      }
      waited = Duration::zero();
      if (sent.octets == size) break;
    } else if (errno == EINTR) {
      continue;
    } else if (errno != EAGAIN && errno != EWOULDBLOCK) {
      sent.outcome = Outcome::peer_gone;
      return sent;
    }
    // Not tried again at once: a peer that reads as fast as we write would keep all other fibers
    // from running.
    if (!wait_writable(waited)) {
      if (timed_out_) give_up();
      sent.outcome = Outcome::peer_gone;
      return sent;
    }
  }
  return sent;
}

bool SocketTransport::write_all(std::string_view data) {
  const SentFile sent = push(data.size(), [this, &data](std::size_t left) {
    return ::send(socket_.native_handle(), data.data() + (data.size() - left), left,
                  MSG_NOSIGNAL | MSG_DONTWAIT);
  });
  return sent.outcome == SentFile::Outcome::whole;
}

// The launcher has seen to SIGPIPE, which sendfile() cannot be told to leave out.
SentFile SocketTransport::send_file(int fd, std::uint64_t offset, std::uint64_t size) {
  SentFile all;
  while (all.octets < size) {
    auto at = static_cast<off_t>(offset + all.octets);
    const auto piece = std::min<std::uint64_t>(size - all.octets, file_piece);
    have_in_memory(fd, offset + all.octets, static_cast<std::size_t>(piece));
    const SentFile sent = push(piece, [this, fd, &at](std::size_t left) {
      return ::sendfile(socket_.native_handle(), fd, &at, left);
    });
    all.octets += sent.octets;
    all.outcome = sent.outcome;
    if (sent.outcome != SentFile::Outcome::whole) break;
    this_fiber::yield();
  }
  return all;
}

bool SocketTransport::wait_writable(Duration& waited) {
  expect(Waiting::write);
  boost::system::error_code error;
  socket_.async_wait(boost::asio::socket_base::wait_write, await[error]);
  if (error || timed_out_) return false;
  waited += SteadyClock::now() - since_;
  expect(Waiting::nothing);
  return true;
}

// Closing would leave what was written to the kernel, which keeps offering it for a quarter of an
// hour.
void SocketTransport::give_up() {
  abort();
  timed_out_ = true;
}

void SocketTransport::shutdown_send() {
  boost::system::error_code ignored;
  socket_.shutdown(boost::asio::socket_base::shutdown_send, ignored);
}

void SocketTransport::abort() {
  boost::system::error_code ignored;
  socket_.set_option(boost::asio::socket_base::linger{true, 0}, ignored);
  socket_.close(ignored);  // Asio's destructor would take the option back.
}

void SocketTransport::on_deadline() {
  timed_out_ = true;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

}  // namespace thane::wsgi::internal
