#include "load.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include <thane/check.hpp>

namespace thane::bench {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto request_limit = 10s;
constexpr auto pause_after_failure = 10ms;
constexpr int tick_milliseconds = 5;  // How often clients are looked at that nothing happens to.
constexpr std::chrono::milliseconds tick{tick_milliseconds};
constexpr auto last_answers = 2s;

double milliseconds(Clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

/// The clients and what happens to them; lives on the thread of the load.
class Clients {
 public:
  Clients(int port, std::size_t count, Connections connections, const std::atomic<bool>& ended,
          LoadReport& report)
      : address_(loopback(port)),
        connections_(connections),
        request_(get_request("/pid", connections)),
        ended_(ended),
        report_(report),
        clients_(count) {}

  void run() {
    last_success_ = Clock::now();
    for (Client& client : clients_) begin(client);
    std::optional<Clock::time_point> deadline;
    std::array<epoll_event, 64> events;
    while (!deadline || (any_at_work() && Clock::now() < *deadline)) {
      const int count = ::epoll_wait(poll_.get(), events.data(), events.size(), tick_milliseconds);
      for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        happened(clients_[event.data.u64], event.events);
      }
      look_at_clock();
      if (ended_ && !deadline) deadline = Clock::now() + last_answers;
    }
    for (Client& client : clients_) {
      if (at_work(client)) fail(client, "timeout");
    }
    report_.longest_gap = std::max(report_.longest_gap, milliseconds(Clock::now() - last_success_));
  }

 private:
  enum class State { pausing, connecting, asked, answered };

  struct Client {
    UniqueFd fd;
    State state = State::pausing;
    std::size_t served = 0;   // On this connection.
    Clock::time_point since;  // In this state; what `asked` counts from connect() on.
    std::string received;
  };

  static bool at_work(const Client& client) {
    return client.state == State::connecting || client.state == State::asked;
  }
  [[nodiscard]] bool any_at_work() const {
    return std::any_of(clients_.begin(), clients_.end(), at_work);
  }

  void begin(Client& client) {
    client.since = Clock::now();
    client.served = 0;
    client.fd.reset(
        check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket"));
    if (::connect(client.fd.get(), reinterpret_cast<const sockaddr*>(&address_), sizeof address_) !=
            0 &&
        errno != EINPROGRESS) {
      return fail(client, "refused");
    }
    client.state = State::connecting;
    ask(client);  // On the loopback interface the connection is there by now, as a rule.
    epoll_event event{.events = EPOLLIN, .data = {.u64 = index(client)}};
    if (client.state == State::connecting) event.events |= EPOLLOUT;
    if (client.fd) check(::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, client.fd.get(), &event), "add");
  }

  void ask(Client& client) {
    client.received.clear();
    const auto sent = ::send(client.fd.get(), request_.data(), request_.size(), MSG_NOSIGNAL);
    if (sent == static_cast<ssize_t>(request_.size())) {
      client.state = State::asked;
    } else if (errno != EAGAIN) {
      fail(client, errno == ECONNREFUSED ? "refused" : "reset");
    }
  }

  void happened(Client& client, std::uint32_t events) {
    if (client.state == State::connecting) {
      ask(client);
      epoll_event event{.events = EPOLLIN, .data = {.u64 = index(client)}};
      if (client.state == State::asked) {
        check(::epoll_ctl(poll_.get(), EPOLL_CTL_MOD, client.fd.get(), &event), "modify");
      }
    } else if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0 && client.fd) {
      receive(client);
    }
  }

  /// A new connection is read to its end, that the server has closed it first.
  void receive(Client& client) {
    for (;;) {
      const auto size = ::recv(client.fd.get(), buffer_.data(), buffer_.size(), 0);
      if (size < 0 && errno == EAGAIN) return;
      if (size < 0) return client.state == State::answered ? again(client) : fail(client, "reset");
      if (size == 0) return client.state == State::answered ? again(client) : fail(client, "eof");
      if (client.state == State::asked) {
        client.received.append(buffer_.data(), static_cast<std::size_t>(size));
        if (!take_answer(client)) return;
      }
      if (client.state == State::asked) return;  // The next request of a connection that is kept.
    }
  }

  /// False: there is nothing more to read for now.
  bool take_answer(Client& client) {
    const auto answer = read_answer(client.received);
    if (!answer) return true;
    if (answer->status != 200) {
      fail(client, "status " + std::to_string(answer->status));
      return false;
    }
    const auto now = Clock::now();
    ++report_.answered;
    report_.milliseconds.push_back(static_cast<float>(milliseconds(now - client.since)));
    report_.longest_gap = std::max(report_.longest_gap, milliseconds(now - last_success_));
    last_success_ = now;
    ++client.served;
    client.state = State::answered;
    if (connections_ == Connections::anew || answer->closes) return true;
    if (ended_) return false;
    client.since = now;
    ask(client);
    return client.state == State::asked;
  }

  void again(Client& client) {
    client.fd.reset();
    if (!ended_) begin(client);
  }

  void fail(Client& client, const std::string& how) {
    ++report_.failures[how];
    if (client.served > 0) ++report_.reused;
    client.fd.reset();
    client.state = State::pausing;
    client.since = Clock::now();
  }

  void look_at_clock() {
    const auto now = Clock::now();
    if (now - last_look_ < tick) return;
    last_look_ = now;
    for (Client& client : clients_) {
      const auto age = now - client.since;
      if (client.state == State::pausing) {
        if (!ended_ && age > pause_after_failure) begin(client);
      } else if (age > request_limit) {
        fail(client, "timeout");
      }
    }
  }

  [[nodiscard]] std::uint64_t index(const Client& client) const {
    return static_cast<std::uint64_t>(&client - clients_.data());
  }

  sockaddr_in address_;
  Connections connections_;
  std::string request_;
  const std::atomic<bool>& ended_;
  LoadReport& report_;
  UniqueFd poll_{check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")};
  std::vector<Client> clients_;
  Clock::time_point last_success_;
  Clock::time_point last_look_;
  std::array<char, 65536> buffer_;
};

}  // namespace

std::size_t LoadReport::failed() const {
  std::size_t sum = 0;
  for (const auto& [kind, count] : failures) sum += count;
  return sum;
}

std::string LoadReport::failures_text() const {
  std::string text;
  for (const auto& [kind, count] : failures) {
    text += (text.empty() ? "" : " ") + std::to_string(count) + " " + kind;
  }
  return text.empty() ? "0" : text;
}

double LoadReport::percentile(double part) const {
  if (milliseconds.empty()) return 0;
  const auto last = static_cast<double>(milliseconds.size() - 1);
  return milliseconds[static_cast<std::size_t>(last * part)];
}

Load::Load(int port, std::size_t clients, Connections connections)
    : thread_([this, port, clients, connections] {
        try {
          Clients{port, clients, connections, ended_, report_}.run();
        } catch (...) {
          error_ = std::current_exception();
        }
      }) {}

Load::~Load() {
  ended_ = true;
  if (thread_.joinable()) thread_.join();
}

LoadReport Load::end() {
  ended_ = true;
  thread_.join();
  if (error_) std::rethrow_exception(error_);
  std::sort(report_.milliseconds.begin(), report_.milliseconds.end());
  return std::move(report_);
}

}  // namespace thane::bench
