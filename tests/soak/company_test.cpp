// Who asks at full speed does not feel those who are slow, nor those who say nothing.
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/eventually.hpp"
#include "support/time_limit.hpp"
#include "support/web.hpp"

using namespace std::chrono_literals;
using namespace thane::testing;
using Clock = std::chrono::steady_clock;
using Microseconds = std::chrono::duration<double, std::micro>;

namespace {

constexpr int busy_clients = 64;
constexpr int slow_clients = 50;
constexpr int idle_clients = 200;

/// Kept connections that ask again as soon as they are answered.
class Busy {
 public:
  explicit Busy(std::uint16_t port) {
    for (int i = 0; i < busy_clients; ++i) {
      clients_.push_back({HttpClient{port}, {}, {}});
      polled_.push_back({clients_.back().http.fd(), POLLIN, 0});
    }
  }

  /// The time within which 99 of a hundred requests are answered, of all in `duration`.
  Microseconds p99(std::chrono::milliseconds duration) {
    taken_.clear();
    const auto end = Clock::now() + duration;
    for (Client& client : clients_) ask(client);
    std::size_t open = clients_.size();
    while (open > 0) {
      const int ready = ::poll(polled_.data(), polled_.size(), 10'000);
      REQUIRE(ready > 0);
      for (std::size_t i = 0; i < polled_.size(); ++i) {
        if (polled_[i].revents == 0 || !answered(clients_[i])) continue;
        if (Clock::now() < end) {
          ask(clients_[i]);
        } else {
          --open;
        }
      }
    }
    const auto at = taken_.begin() + static_cast<std::ptrdiff_t>(taken_.size() * 99 / 100);
    std::ranges::nth_element(taken_, at);
    return *at;
  }
  [[nodiscard]] std::size_t answers() const noexcept { return taken_.size(); }

 private:
  struct Client {
    HttpClient http;
    std::string received;
    Clock::time_point asked;
  };

  static void ask(Client& client) {
    client.received.clear();
    client.asked = Clock::now();
    REQUIRE(client.http.send_raw("GET /_c/one HTTP/1.1\r\nHost: h\r\n\r\n"));
  }
  bool answered(Client& client) {
    std::array<char, 4096> octets;
    const auto size = ::recv(client.http.fd(), octets.data(), octets.size(), MSG_DONTWAIT);
    REQUIRE(size > 0);
    client.received.append(octets.data(), static_cast<std::size_t>(size));
    if (!client.received.ends_with("\r\n\r\nexactly")) return false;
    taken_.emplace_back(Clock::now() - client.asked);
    return true;
  }

  std::vector<Client> clients_;
  std::vector<pollfd> polled_;
  std::vector<Microseconds> taken_;
};

/// Clients that send a head, send a body or take an answer a few octets at a time, and clients that
/// were answered once and stay.
class Company {
 public:
  explicit Company(std::uint16_t port) {
    for (int i = 0; i < idle_clients; ++i) {
      REQUIRE(idle_.emplace_back(port).get("/_c/one").status == 200);
    }
    for (int i = 0; i < slow_clients; ++i) {
      slow_.emplace_back(port).send_raw(begins.at(static_cast<std::size_t>(i) % begins.size()));
    }
    thread_ = std::thread{[this] { dawdle(); }};
  }
  ~Company() {
    ended_ = true;
    thread_.join();
  }
  Company(const Company&) = delete;
  Company& operator=(const Company&) = delete;

  /// How many have been cut off, or answered early.
  [[nodiscard]] int lost() const noexcept { return lost_; }

 private:
  static constexpr std::array<std::string_view, 3> begins{
      "GET / HTTP/1.1\r\nHost: h\r\nX-Slow: ",
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n",
      "GET /_c/big?n=100000000 HTTP/1.1\r\nHost: h\r\n\r\n",
  };

  void dawdle() {
    std::array<char, 512> octets;
    while (!ended_) {
      for (std::size_t i = 0; i < slow_.size(); ++i) {
        const bool takes = i % begins.size() == 2;
        const auto moved =
            takes ? ::recv(slow_[i].fd(), octets.data(), octets.size(), MSG_DONTWAIT) : 1;
        const bool gone = moved == 0 || (!takes && !slow_[i].send_raw("x"));
        if (gone) ++lost_;
      }
      observe_for(50ms);
    }
  }

  std::vector<HttpClient> idle_;
  std::vector<HttpClient> slow_;
  std::atomic<bool> ended_{false};
  std::atomic<int> lost_{0};
  std::thread thread_;
};

TEST_CASE("fifty slow clients and two hundred idle ones do not double the waits of busy ones") {
  Web web{PROGRAMS_DIR "/../contract/http_contract",
          1,
          {"--web-wsgi-default-pool-size", "1024", "--web-wsgi-access-log=false"}};
  Busy busy{web.port};
  (void)busy.p99(500ms);  // Warms up.
  std::vector<double> ratios;
  for (int round = 0; round < 5; ++round) {
    const Microseconds alone = busy.p99(3s);
    const std::size_t answers_alone = busy.answers();
    Company company{web.port};
    const Microseconds among = busy.p99(3s);
    ratios.push_back(among / alone);
    MESSAGE("p99 alone " << alone.count() << " us (" << answers_alone << " answers), in company "
                         << among.count() << " us (" << busy.answers() << " answers)");
    CHECK(company.lost() == 0);
  }
  std::ranges::sort(ratios);
  MESSAGE("median of the ratios " << ratios[ratios.size() / 2]);
  CHECK(ratios[ratios.size() / 2] <= 2);
}

}  // namespace
