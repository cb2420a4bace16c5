// The corpus of raw requests against a connection without sockets, whole and octet by octet.
#include <doctest/doctest.h>

#include <cstddef>
#include <string>

#include "connection.hpp"
#include "memory_transport.hpp"
#include "support/http_corpus.hpp"

using namespace thane;
using testing::CorpusCase;
using testing::MemoryTransport;
using wsgi::internal::Connection;
using wsgi::internal::Site;

namespace {

std::string answer_to(const CorpusCase& one, std::size_t piece) {
  Site site;
  site.application = [](wsgi::Request& request) {
    const std::string body = request.read_all();
    return wsgi::Response::text(testing::echo_body(request.method(), request.target(), body));
  };
  MemoryTransport transport{one.stream(), piece};
  Connection{site, transport, "192.0.2.1"}.run();
  return transport.output;
}

TEST_CASE("every stream of the corpus is accepted or refused as RFC 9112 wants it") {
  const auto corpus = testing::load_corpus(TEST_DATA_DIR "/http-corpus/requests.jsonl");
  REQUIRE(corpus.size() > 400);
  std::size_t failed = 0;
  for (const auto& one : corpus) {
    const auto verdict = testing::judge(one, answer_to(one, std::string::npos));
    if (verdict.empty()) continue;
    ++failed;
    INFO(one.id << " (" << one.kind << ", " << one.level << ", " << one.notes << "): " << verdict);
    CHECK_FALSE(one.level == "MUST");
    WARN(verdict.empty());
  }
  CHECK(failed * 100 <= corpus.size() * 3);
}

TEST_CASE("how a stream is cut into reads makes no difference to the answers") {
  for (const auto& one : testing::load_corpus(TEST_DATA_DIR "/http-corpus/requests.jsonl")) {
    const auto whole = testing::judge(one, answer_to(one, std::string::npos));
    for (const std::size_t piece : {1, 7}) {
      INFO(one.id << ", " << piece << " octets a read");
      CHECK(testing::judge(one, answer_to(one, piece)) == whole);
    }
  }
}

}  // namespace
