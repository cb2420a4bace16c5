// The corpus of raw requests over real sockets against real servers: each stream in one piece, in
// single octets, and cut at random, many connections at a time; answered by an application of C++,
// and by one of PEP 3333, whose server may be one that writes a few octets at a time.
#include <doctest/doctest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/child_process.hpp"
#include "support/http_client.hpp"
#include "support/http_corpus.hpp"
#include "support/web.hpp"

using namespace thane::testing;

namespace {

using Clock = std::chrono::steady_clock;
using Pieces = std::function<std::size_t(std::size_t left)>;

constexpr std::size_t side_by_side = 64;

/// One stream on one connection, sent piece by piece between the others'.
class Exchange {
 public:
  Exchange(const CorpusCase& one, std::uint16_t port, std::string probe)
      : case_(one), probe_(std::move(probe)), stream_(one.stream()), client_(port) {}

  [[nodiscard]] const CorpusCase& of() const { return case_; }
  [[nodiscard]] const std::string& received() const { return received_; }
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] bool sending() const { return !ended_ && sent_ < stream_.size(); }
  [[nodiscard]] int fd() const { return client_.fd(); }

  void send(std::size_t size) {
    const auto piece = std::string_view{stream_}.substr(sent_, size);
    sent_ = client_.send_raw(piece) ? sent_ + piece.size() : stream_.size();
    receive();
  }

  void receive() {
    std::array<char, 16384> chunk{};
    for (;;) {
      const auto size = ::recv(fd(), chunk.data(), chunk.size(), MSG_DONTWAIT);
      if (size > 0) received_.append(chunk.data(), static_cast<std::size_t>(size));
      if (size == 0 || (size < 0 && errno != EAGAIN)) ended_ = true;
      if (size <= 0) break;
    }
    if (!sending() && !ended_ && !shut_ && may_shut_down()) {
      ::shutdown(fd(), SHUT_WR);
      shut_ = true;
    }
  }

 private:
  // Where the request behind the stream has to be answered, and where the connection has to be
  // ended, the server must do so without being told that nothing more will come. Other streams may
  // leave it waiting, and rightly so.
  [[nodiscard]] bool may_shut_down() const {
    if (case_.half_close) return true;
    if (case_.after == "must") {
      return received_.find(probe_) != std::string::npos;
    }
    return !(case_.kind == "must_reject" || case_.after == "must_not");
  }

  const CorpusCase& case_;
  std::string probe_;
  std::string stream_;
  HttpClient client_;
  std::string received_;
  std::size_t sent_ = 0;
  bool ended_ = false;
  bool shut_ = false;
};

void wait_for_any(const std::vector<std::unique_ptr<Exchange>>& exchanges) {
  std::vector<pollfd> polled;
  for (const auto& one : exchanges) {
    if (!one->ended()) polled.push_back({one->fd(), POLLIN, 0});
  }
  ::poll(polled.data(), polled.size(), 100);
}

/// All cases, `side_by_side` at a time; false if some server did not end in time.
void play(std::vector<std::unique_ptr<Exchange>>& exchanges, const Pieces& piece) {
  const auto pending = [](const auto& one) { return !one->ended(); };
  auto deadline = Clock::now() + patience();
  while (std::ranges::any_of(exchanges, pending) && Clock::now() < deadline) {
    bool sending = false;
    for (const auto& one : exchanges) {
      if (one->sending()) {
        one->send(piece(one->of().raw.size()));
        sending = true;
      } else if (!one->ended()) {
        one->receive();
      }
    }
    if (sending) {
      deadline = Clock::now() + patience();
    } else {
      wait_for_any(exchanges);
    }
  }
}

constexpr std::size_t whole = std::string::npos;

std::size_t octet_by_octet(std::size_t size) {
  return size > 4096 ? 97 : 1;
}

// At most `most_failed` of a hundred streams may be judged wrongly, and none that RFC 9112 says
// MUST of.
void judge_all(const std::string& program, int workers, const CorpusDialect& dialect,
               const Pieces& piece, std::size_t most_failed) {
  const auto corpus = load_corpus(TEST_DATA_DIR "/http-corpus/requests.jsonl");
  REQUIRE(corpus.size() > 400);
  Web server{program, workers, {"--web-wsgi-access-log=false", "--web-client-header-timeout=120"}};
  std::size_t failed = 0;
  for (std::size_t begin = 0; begin < corpus.size(); begin += side_by_side) {
    const auto end = std::min(begin + side_by_side, corpus.size());
    std::vector<std::unique_ptr<Exchange>> exchanges;
    for (auto i = begin; i < end; ++i) {
      exchanges.push_back(std::make_unique<Exchange>(corpus[i], server.port, dialect.probe));
    }
    play(exchanges, piece);
    for (const auto& one : exchanges) {
      const auto& that = one->of();
      INFO(that.id << " (" << that.kind << ", " << that.level << ", " << that.notes
                   << "): " << one->received());
      CHECK_MESSAGE(one->ended(), "the connection hangs");
      const auto verdict = judge(that, one->received(), dialect);
      if (verdict.empty()) continue;
      ++failed;
      CHECK_MESSAGE(that.level != "MUST", verdict);
      WARN_MESSAGE(verdict.empty(), verdict);
    }
  }
  MESSAGE("failed: " << failed << " of " << corpus.size());
  CHECK(failed * 100 <= corpus.size() * most_failed);
  CHECK(server.stop() == Exit{.code = 0});
  CHECK_FALSE(server.parent.printed("died"));
  CHECK_FALSE(server.parent.printed("failed:"));
}

void judge_server(const Pieces& piece) {
  judge_all(PROGRAMS_DIR "/http_server", 2, echo_dialect(), piece, 3);
}

void judge_contract(int workers, const Pieces& piece, const char* program = "http_contract") {
  judge_all(std::string{CONTRACT_DIR} + "/" + program, workers, contract_dialect(), piece, 1);
}

// At most a quarter of a stream at a time.
Pieces random_pieces() {
  return [random = std::make_shared<std::mt19937>(20220601)](std::size_t size) {
    const std::size_t most = std::max<std::size_t>(size / 4, 2);
    return std::uniform_int_distribution<std::size_t>{1, most}(*random);
  };
}

TEST_CASE("every stream of the corpus is accepted or refused as RFC 9112 wants it") {
  judge_server([](std::size_t) { return whole; });
}

TEST_CASE("streams that come in single octets are judged as well as whole ones") {
  judge_server(octet_by_octet);
}

TEST_CASE("streams that are cut at random are judged as well as whole ones") {
  judge_server(random_pieces());
}

TEST_CASE("an application of PEP 3333 sees of every stream what it should") {
  judge_contract(1, [](std::size_t) { return whole; });
  judge_contract(4, [](std::size_t) { return whole; });
}

TEST_CASE("it sees the same of streams that come in single octets") {
  judge_contract(1, octet_by_octet);
  judge_contract(4, octet_by_octet);
}

TEST_CASE("its answers are the same where the kernel takes a few octets at a time") {
  judge_contract(1, random_pieces(), "http_contract_short_writes");
  judge_contract(4, octet_by_octet, "http_contract_short_writes");
}

}  // namespace
