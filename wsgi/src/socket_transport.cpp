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
  if (address.family() == AF_INET) {
    octets = &reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_addr;
  } else if (address.family() == AF_INET6) {
    octets = &reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_addr;
  }
  if (octets == nullptr) return {};
  ::inet_ntop(address.family(), octets, text.data(), text.size());
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

SocketTransport::SocketTransport(UniqueFd socket, Deadlines& deadlines)
    : socket_(io_context()), deadlines_(deadlines) {
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
  deadlines_.arm(*this, what, what == Waiting::nothing ? TimePoint{} : SteadyClock::now());
}

std::size_t SocketTransport::read_some(char* to, std::size_t size) {
  if (timed_out_) return 0;
  boost::system::error_code error;
  const auto count = socket_.async_read_some(boost::asio::buffer(to, size), await[error]);
  return error ? 0 : count;
}

bool SocketTransport::write_all(std::string_view data) {
  while (!data.empty()) {
    const auto count =
        ::send(socket_.native_handle(), data.data(), data.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      data.remove_prefix(static_cast<std::size_t>(count));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return false;
    expect(Waiting::write);
    boost::system::error_code error;
    socket_.async_wait(boost::asio::socket_base::wait_write, await[error]);
    if (error || timed_out_) return false;
    expect(Waiting::nothing);
  }
  return true;
}

void SocketTransport::shutdown_send() {
  boost::system::error_code ignored;
  socket_.shutdown(boost::asio::socket_base::shutdown_send, ignored);
}

void SocketTransport::on_deadline() {
  timed_out_ = true;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

}  // namespace thane::wsgi::internal
