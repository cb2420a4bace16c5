#include "broker_stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <chrono>
#include <thane/stream.hpp>
#include <utility>

#include "tls_stream.hpp"

namespace thane::rpc::internal::rabbit {

namespace {

class PlainStream final : public BrokerStream {
 public:
  explicit PlainStream(Stream stream) : stream_(std::move(stream)) {}

  std::size_t read_some(std::span<char> to) override { return stream_.read_some(to); }
  void write_all(std::string_view octets) override { stream_.write_all(octets); }
  void close() noexcept override { stream_.close(); }

 private:
  Stream stream_;
};

}  // namespace

std::unique_ptr<BrokerStream> connect(const Broker& broker, std::size_t host) {
  const BrokerHost& to = broker.hosts[host];
  Stream stream = Stream::connect_tcp(to.name, to.port);
  // What is written together leaves together already; the kernel need not wait for more.
  const int on = 1;
  static_cast<void>(::setsockopt(stream.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
  // A host that has vanished is noticed when it does not acknowledge for as long as it may be
  // silent.
  using std::chrono::milliseconds;
  const auto limit =
      static_cast<unsigned>(milliseconds{broker.options.heartbeat_timeout_threshold}.count());
  static_cast<void>(
      ::setsockopt(stream.fd(), IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof(limit)));
  if (broker.options.ssl) return tls_connect(std::move(stream), to.name, broker.options);
  return std::make_unique<PlainStream>(std::move(stream));
}

}  // namespace thane::rpc::internal::rabbit
