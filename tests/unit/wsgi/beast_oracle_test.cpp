// Boost.Beast's parser as an oracle of ours: who reads a request differently than others do is a
// hole. The corpus and many small changes to it are put to both.
//
// Each difference in strictness has a name here, and its reason in docs/decisions/0005.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "characters.hpp"
#include "chunked_decoder.hpp"
#include "request_head.hpp"
#include "support/http_corpus.hpp"
#include "support/mutator.hpp"

namespace http = boost::beast::http;
using namespace thane::wsgi::internal;
using boost::beast::error_code;
using HeadKind = ParseResult::Kind;

namespace {

constexpr int mutations = 100'000;

// What two parsers have to agree on.
struct Message {
  std::string method, target;
  std::vector<std::pair<std::string, std::string>> fields;
  int minor_version = 0;
  bool keep_alive = true;
  bool chunked = false;
  std::uint64_t length = 0;

  friend bool operator==(const Message&, const Message&) = default;
};

std::ostream& operator<<(std::ostream& stream, const Message& message) {
  stream << message.method << ' ' << message.target << ' ' << message.minor_version;
  for (const auto& [name, value] : message.fields) stream << '|' << name << '|' << value;
  return stream << "|keep-alive " << message.keep_alive << " chunked " << message.chunked
                << " length " << message.length;
}

// One message, read by Beast.
class Oracle final : public http::basic_parser<true> {
 public:
  explicit Oracle(std::string_view octets) {
    eager(true);
    header_limit(1 << 20);
    body_limit(boost::none);
    std::size_t used = 1;
    while (used > 0 && !octets.empty() && !is_done() && !error) {
      used = put(boost::asio::buffer(octets.data(), octets.size()), error);
      octets.remove_prefix(used);
    }
  }

  std::optional<Message> message;  // None: Beast refuses the head, or waits for more of it.
  std::string body;
  error_code error;

 private:
  using View = boost::beast::string_view;

  void on_request_impl(http::verb, View method, View target, int version, error_code&) override {
    begun_.method = std::string(method);
    begun_.target = std::string(target);
    begun_.minor_version = version % 10;
  }
  void on_response_impl(int, View, int, error_code&) override {}
  void on_field_impl(http::field, View name, View value, error_code&) override {
    begun_.fields.emplace_back(name, value);
  }
  void on_header_impl(error_code&) override {
    begun_.keep_alive = keep_alive();
    begun_.chunked = chunked();
    begun_.length = content_length().value_or(0);
    message = begun_;  // Later fields are trailers.
  }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(View piece, error_code&) override { return piece.size(); }
  void on_chunk_header_impl(std::uint64_t, View, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View piece, error_code&) override {
    body.append(piece);
    return piece.size();
  }
  void on_finish_impl(error_code&) override {}

  Message begun_;
};

// One message, read by us.
struct Ours {
  explicit Ours(std::string_view input) : result(parse_head(input, {}, head)) {
    if (result.kind != HeadKind::complete) return;
    message = {.method = std::string(head.method),
               .target = std::string(head.target),
               .fields = {},
               .minor_version = head.minor_version,
               .keep_alive = head.keep_alive,
               .chunked = head.framing == BodyFraming::chunked,
               .length = head.content_length};
    for (const auto& [name, value] : head.fields()) message.fields.emplace_back(name, value);
    if (!message.chunked) return;
    for (auto rest = input.substr(result.size);
         !rest.empty() && decoder.state() == ChunkedDecoder::State::more;) {
      const auto step = decoder.decode(rest);
      body += step.data;
      rest.remove_prefix(step.consumed);
    }
  }

  [[nodiscard]] bool has_field(std::string_view lower) const {
    return std::ranges::any_of(head.fields(),
                               [&](const auto& field) { return equals_lower(field.name, lower); });
  }

  RequestHead head;
  ParseResult result;
  Message message;
  ChunkedDecoder decoder;
  std::string body;
};

// Named differences, where Beast is the stricter one: an empty line may stand before a request
// line, and HTTP/1.2 to 1.9 are to be answered as HTTP/1.1.
std::string as_beast_knows_it(const std::string& input, const Ours& ours) {
  std::string known = input;
  if (ours.result.kind == HeadKind::complete) {
    const auto& target = ours.head.target;
    const auto minor = target.data() + target.size() + std::strlen(" HTTP/1.") - input.data();
    if (known[static_cast<std::size_t>(minor)] != '0') known[static_cast<std::size_t>(minor)] = '1';
  }
  return known.starts_with("\r\n") ? known.substr(2) : known;
}

std::vector<std::string> inputs() {
  std::vector<std::string> all;
  for (auto& one : thane::testing::load_corpus(TEST_DATA_DIR "/http-corpus/requests.jsonl")) {
    all.push_back(std::move(one.raw));
  }
  thane::testing::Mutator mutator{all, "\r\n\t :;,=\"\\%0fF/#?*[]@."};
  for (int i = 0; i < mutations; ++i) all.push_back(mutator.next());
  return all;
}

TEST_CASE("what is accepted Beast accepts, with the same method, target, fields and framing") {
  int accepted = 0;
  for (const auto& input : inputs()) {
    const Ours ours{input};
    if (ours.result.kind != HeadKind::complete) continue;
    const Oracle beast{as_beast_knows_it(input, ours)};
    // Beast wants Connection to be a list of tokens; we look for the two options that we know.
    if (beast.error == http::error::bad_value &&
        (ours.has_field("connection") || ours.has_field("proxy-connection"))) {
      continue;
    }
    CAPTURE(input);
    CHECK(beast.message == ours.message);
    ++accepted;
  }
  CHECK(accepted > mutations / 20);
}

TEST_CASE("chunked bodies that are accepted are the same for Beast") {
  // Beast minds these in trailers as it does in heads; we ignore trailers.
  constexpr std::array minded{http::error::bad_content_length, http::error::bad_transfer_encoding,
                              http::error::multiple_content_length, http::error::bad_value};
  int accepted = 0;
  for (const auto& input : inputs()) {
    const Ours ours{input};
    if (ours.decoder.state() != ChunkedDecoder::State::done) continue;
    const Oracle beast{as_beast_knows_it(input, ours)};
    if (std::ranges::any_of(minded, [&](auto error) { return beast.error == error; })) continue;
    CAPTURE(input);
    CHECK(beast.is_done());
    CHECK(beast.body == ours.body);
    ++accepted;
  }
  CHECK(accepted > 100);
}

TEST_CASE("what Beast accepts and we refuse is refused for a reason that has a name") {
  constexpr std::array limits{"method too long", "request target too long", "header line too long",
                              "too many header fields", "request head too large"};
  // Beast judges neither Host, Expect and the form of the target, nor transfer codings.
  constexpr std::array meaning{"bad or unsupported header field",
                               "bad framing, host or request target"};
  const auto is_one_of = [](const auto& reasons, std::string_view reason) {
    return std::ranges::find(reasons, reason) != reasons.end();
  };
  int refused = 0;
  for (const auto& input : inputs()) {
    const Ours ours{input};
    if (ours.result.kind != HeadKind::refused) continue;
    const Oracle beast{as_beast_knows_it(input, ours)};
    if (!beast.message) continue;
    ++refused;
    CAPTURE(input);
    const std::string_view reason = ours.result.reason;
    if (reason == "bad field name") {  // Beast joins folded lines.
      CHECK((input.find("\r\n ") != input.npos || input.find("\r\n\t") != input.npos));
    } else if (reason == "bad request target") {  // Beast passes on what no URI may hold.
      CHECK(std::ranges::any_of(beast.message->target, [](char c) { return c == '#' || c < 0; }));
    } else {
      CHECK((is_one_of(limits, reason) || is_one_of(meaning, reason)));
    }
  }
  CHECK(refused > 100);
}

}  // namespace
