// Any octets as a client's side of a connection: answers that can be taken apart, and the same ones
// however the octets are cut.
#include <thane/assert.hpp>
#include <thane/log.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "connection.hpp"
#include "fuzz_target.hpp"
#include "support/http_corpus.hpp"
#include "unit/wsgi/memory_transport.hpp"

namespace {

namespace wsgi = thane::wsgi;

std::string answer_to(std::string_view octets, std::size_t piece) {
  wsgi::internal::Site site;
  // No limit on the whole head: it is met before or after what is malformed, as the octets come.
  site.limits = {.line = 200, .target = 100, .head = 65536, .fields = 8};
  site.max_discard = 50;
  site.application = [](wsgi::Request& request) {
    if (request.path() == "/unread") return wsgi::Response::text("unread");
    const std::string body = request.read_all(1000);
    return wsgi::Response::text(
        thane::testing::echo_body(request.method(), request.target(), body));
  };
  thane::testing::MemoryTransport transport{std::string{octets}, piece};
  wsgi::internal::Connection{site, transport, "192.0.2.1"}.run();
  return transport.output;
}

// What may differ from run to run: the time, and whether a client had to be told to continue.
std::string comparable(std::string text) {
  constexpr std::string_view date = "\r\nDate: ";  // A target may hold the name alone.
  for (auto at = text.find(date); at != std::string::npos; at = text.find(date, at)) {
    text.erase(at, std::string_view{"\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT"}.size());
  }
  constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  for (auto at = text.find(go_on); at != std::string::npos; at = text.find(go_on)) {
    text.erase(at, go_on.size());
  }
  return text;
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  std::vector<std::string> seeds{
      "POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"};
  for (const auto& one : thane::testing::load_corpus(TEST_DATA_DIR "/http-corpus/requests.jsonl")) {
    if (one.raw.size() < 2000) seeds.push_back(one.stream());
  }
  return seeds;
}

std::string fuzz_alphabet() {
  return "\r\n\t :;=,/%?#*\"\\0123456789abcdefABCDEF.-_";
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view octets{reinterpret_cast<const char*>(data), size};
  const std::string whole = answer_to(octets, std::string::npos);
  if (whole.find("HEAD ") == std::string::npos && octets.find("HEAD") == std::string_view::npos) {
    for (const auto& answer : thane::testing::parse_answers(whole)) {
      THANE_ASSERT(answer.status == 100 || (answer.status >= 200 && answer.status < 500) ||
                   answer.status == 501 || answer.status == 505);
    }
  }
  // A request that nobody read may end the connection or not, by what has come of its body.
  const bool all_read = octets.find("/unread") == std::string_view::npos &&
                        octets.find("CONNECT") == std::string_view::npos;
  if (all_read) {
    THANE_ASSERT(comparable(answer_to(octets, 1)) == comparable(whole));
    THANE_ASSERT(comparable(answer_to(octets, 7)) == comparable(whole));
  }
  return 0;
}
