#include "socket_transport.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <cerrno>

#include <thane/asio.hpp>

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

bool SocketTransport::write_all(std::string_view data) {
  Duration waited{};
  for (;;) {
    const auto count =
        ::send(socket_.native_handle(), data.data(), data.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      const auto size = static_cast<std::size_t>(count);
      if (!writing_.note(waited, size)) return give_up();
      data.remove_prefix(size);
      if (data.empty()) return true;
      waited = Duration::zero();
    } else if (errno == EINTR) {
      continue;
    } else if (errno != EAGAIN && errno != EWOULDBLOCK) {
      return false;
    }
    // Not tried again at once: a peer that reads as fast as we write would keep all other fibers
    // from running.
    if (!wait_writable(waited)) return timed_out_ ? give_up() : false;
  }
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
bool SocketTransport::give_up() {
  abort();
  timed_out_ = true;
  return false;
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
