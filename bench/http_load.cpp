#include "http_load.hpp"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <stdexcept>

#include <thane/check.hpp>

namespace thane::bench {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int patience_milliseconds = 10'000;

UniqueFd connect_to(int port) {
  UniqueFd fd{check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
  const auto address = loopback(port);
  check(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
        "connect");
  const timeval limit{.tv_sec = patience_milliseconds / 1000, .tv_usec = 0};
  check(::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), "setsockopt");
  return fd;
}

std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> client_context(Transport transport) {
  SSL_CTX* const context = transport == Transport::tls ? SSL_CTX_new(TLS_client_method()) : nullptr;
  if (context != nullptr) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    // Else each server would choose a version of its own, and they differ in cost.
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  }
  return {context, &SSL_CTX_free};
}

}  // namespace

/// One connection after the other.
class HttpLoad::Client {
 public:
  enum class Got { nothing, octets, end };

  void connect(int port, SSL_CTX* tls) {
    tls_.reset();
    fd = connect_to(port);
    if (tls == nullptr) return;
    tls_.reset(SSL_new(tls));
    SSL_set_fd(tls_.get(), fd.get());
    SSL_set_connect_state(tls_.get());
  }

  /// TLS from now on never blocks: one thread does this for all clients.
  void do_not_block() const { check(::fcntl(fd.get(), F_SETFL, O_NONBLOCK), "fcntl"); }

  /// True once requests can be sent.
  [[nodiscard]] bool shake_hands() const {
    if (!tls_ || SSL_is_init_finished(tls_.get()) != 0) return true;
    const int result = SSL_do_handshake(tls_.get());
    if (result == 1) return true;
    if (SSL_get_error(tls_.get(), result) != SSL_ERROR_WANT_READ) {
      throw std::runtime_error("a TLS handshake failed");
    }
    return false;
  }

  void send(const std::string& octets) const {
    const auto size = static_cast<int>(octets.size());
    const auto sent = tls_ ? SSL_write(tls_.get(), octets.data(), size)
                           : ::send(fd.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
    if (sent != size) throw std::runtime_error("a request could not be sent at once");
  }

  /// What is there, up to the size of `buffer`; sets `size`.
  template <class Buffer>
  [[nodiscard]] Got receive(Buffer& buffer, std::size_t& size, int flags) const {
    if (!tls_) {
      const auto received = ::recv(fd.get(), buffer.data(), buffer.size(), flags);
      if (received < 0 && errno == EAGAIN) return Got::nothing;
      size = static_cast<std::size_t>(check(received, "recv"));
      return size == 0 ? Got::end : Got::octets;
    }
    const int received = SSL_read(tls_.get(), buffer.data(), static_cast<int>(buffer.size()));
    size = static_cast<std::size_t>(received > 0 ? received : 0);
    if (received > 0) return Got::octets;
    const bool waits = SSL_get_error(tls_.get(), received) == SSL_ERROR_WANT_READ;
    return waits ? Got::nothing : Got::end;
  }

  /// The size of the answer, which is to be the expected one.
  [[nodiscard]] std::size_t read_first_answer(const std::string& body) const {
    std::string received;
    std::array<char, 65536> buffer;
    for (;;) {
      std::size_t size = 0;
      if (receive(buffer, size, 0) != Got::octets) {
        throw std::runtime_error("no answer, but \"" + received.substr(0, 80) + "\"");
      }
      received.append(buffer.data(), size);
      const auto answer = read_answer(received);
      if (!answer) continue;
      if (answer->status == 200 && answer->body == body) return received.size();
      throw std::runtime_error("not the answer that was expected: " + received.substr(0, 500));
    }
  }

  UniqueFd fd;
  bool asked = false;
  std::size_t missing = 0;  // Octets of answers.

 private:
  std::unique_ptr<SSL, void (*)(SSL*)> tls_{nullptr, &SSL_free};
};

HttpLoad::HttpLoad(int port, std::size_t clients, const Exchange& exchange)
    : port_(port),
      exchange_(exchange),
      tls_(client_context(exchange.transport)),
      poll_(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")) {
  for (int i = 0; i < exchange.batch; ++i) requests_ += exchange.request;
  Client first;
  first.connect(port, tls_.get());
  if (!first.shake_hands()) throw std::runtime_error("a TLS handshake failed");
  first.send(exchange.request);
  answers_size_ = first.read_first_answer(exchange.body) * static_cast<std::size_t>(exchange.batch);
  for (std::size_t i = 0; i < clients; ++i) {
    clients_.push_back(std::make_unique<Client>());
    if (exchange.connections == Connections::anew) continue;
    clients_.back()->connect(port, tls_.get());
    if (!clients_.back()->shake_hands()) throw std::runtime_error("a TLS handshake failed");
    await(*clients_.back());
  }
}

HttpLoad::~HttpLoad() = default;

void HttpLoad::await(Client& client) {
  if (tls_) client.do_not_block();
  epoll_event event{.events = EPOLLIN, .data = {.ptr = &client}};
  check(::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, client.fd.get(), &event), "epoll_ctl");
}

void HttpLoad::begin(Client& client) {
  client.missing = answers_size_;
  client.asked = false;
  if (exchange_.connections == Connections::anew) {
    client.connect(port_, tls_.get());
    await(client);
  }
  ask(client);
}

/// As soon as it can be done.
void HttpLoad::ask(Client& client) {
  if (client.asked || !client.shake_hands()) return;
  client.send(requests_);
  client.asked = true;
}

/// True: an exchange is over.
bool HttpLoad::happened(Client& client) {
  ask(client);
  if (!client.asked) return false;
  static std::array<char, 65536> buffer;
  const bool kept = exchange_.connections == Connections::kept;
  for (;;) {
    std::size_t size = 0;
    const auto got = client.receive(buffer, size, MSG_DONTWAIT);
    if (got == Client::Got::nothing) return false;
    if (got == Client::Got::end) {
      if (client.missing > 0 || kept) throw std::runtime_error("a server closed a connection");
      client.fd.reset();  // Else its end is reported again.
      return true;
    }
    if (size > client.missing) throw std::runtime_error("an answer of another size");
    client.missing -= size;
    if (kept && client.missing == 0) return true;
    if (kept && !tls_) return false;
  }
}

double HttpLoad::run(double seconds) {
  for (const auto& client : clients_) begin(*client);
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  double answered = 0;
  std::size_t busy = clients_.size();
  std::array<epoll_event, 256> events;
  while (busy > 0) {
    const bool more = Clock::now() < end;
    const int count =
        ::epoll_wait(poll_.get(), events.data(), events.size(), patience_milliseconds);
    if (count <= 0) throw std::runtime_error("a server hangs");
    for (int i = 0; i < count; ++i) {
      auto& client = *static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (!happened(client)) continue;
      answered += exchange_.batch;
      if (more)
        begin(client);
      else
        --busy;
    }
  }
  return answered;
}

std::vector<UniqueFd> idle_connections(int port, std::size_t count, const Exchange& exchange) {
  std::vector<UniqueFd> connections;
  for (std::size_t i = 0; i < count; ++i) {
    connections.push_back(connect_to(port));
    const int fd = connections.back().get();
    check(::send(fd, exchange.request.data(), exchange.request.size(), MSG_NOSIGNAL), "send");
    std::string received;
    std::array<char, 4096> buffer;
    while (!read_answer(received)) {
      const auto size = check(::recv(fd, buffer.data(), buffer.size(), 0), "recv");
      if (size == 0) throw std::runtime_error("a server closed a connection");
      received.append(buffer.data(), static_cast<std::size_t>(size));
    }
  }
  return connections;
}

}  // namespace thane::bench
