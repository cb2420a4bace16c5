#include "rabbit/envelope.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "json_text.hpp"
#include "rabbit/compression.hpp"

using namespace thane::rpc::internal;
using namespace thane::rpc::internal::rabbit;
using nlohmann::json;

namespace {

TEST_CASE("a payload is JSON text within JSON") {
  const json payload{{"method", "echo"}, {"args", {{"arg", "a\"\\\n\0ž"}}}};
  const std::string text = encode(payload);
  CHECK(json::parse(json::parse(wrap(text)).at("oslo.message").get<std::string>()) == payload);
  CHECK(json::parse(wrap(text)).at("oslo.version") == "2.0");
  CHECK(unwrap(wrap(text)) == text);
}

TEST_CASE("a body without an envelope is the payload itself") {
  for (const char* body :
       {R"({"method": "m"})", R"({"oslo.version": "9.0"})", R"(["oslo.message"])", ""}) {
    CHECK(unwrap(body) == body);
  }
}

TEST_CASE("other versions than those of 2.0 are refused, and what is no JSON") {
  const auto of_version = [](const std::string& version) {
    return R"({"oslo.message": "{\"a\": 1}", "oslo.version": )" + version + "}";
  };
  CHECK(unwrap(of_version("\"2.0\"")) == R"({"a": 1})");
  for (const char* bad : {"\"2.1\"", "\"3.0\"", "\"1.0\"", "\"two\"", "\"2\"", "\"\"", "2.0"}) {
    INFO(bad);
    CHECK_THROWS_AS((void)unwrap(of_version(bad)), std::invalid_argument);
  }
  for (const char* bad : {"{", R"({"oslo.version": "2.0", "oslo.message": "{)",
                          R"({"oslo.version": "2.0", "oslo.message": {}})"}) {
    INFO(bad);
    CHECK_THROWS_AS((void)unwrap(bad), std::invalid_argument);
  }
}

TEST_CASE("bodies carry the properties of oslo.messaging, and only one content type is taken") {
  const Encoded plain = encode_body("body", "");
  CHECK(plain.body == "body");
  CHECK(plain.properties.content_type == "application/json");
  CHECK(plain.properties.content_encoding == "utf-8");
  CHECK(plain.properties.headers == thane::rpc::amqp::Table{});
  CHECK(plain.properties.delivery_mode == 2);
  CHECK(plain.properties.priority == 0);
  CHECK(decode_body(plain.properties, "body", 100) == "body");
  for (const char* bad : {"", "text/plain", "application/json; charset=utf-8"}) {
    CHECK_THROWS_AS((void)decode_body({.content_type = bad}, "body", 100), std::invalid_argument);
  }
}

TEST_CASE("compressed bodies are told by their header, and are read up to a limit") {
  const std::string body(100'000, 'x');
  for (const auto& [method, name] :
       {std::pair{"gzip", "application/x-gzip"}, std::pair{"bzip2", "application/x-bz2"},
        std::pair{"brotli", "application/x-brotli"}, std::pair{"xz", "application/x-lzma"},
        std::pair{"zstd", "application/zstd"}}) {
    INFO(method);
    const Encoded packed = encode_body(body, method);
    CHECK(packed.properties.headers->text("compression") == name);
    CHECK(packed.body.size() < 1000);
    CHECK(decode_body(packed.properties, packed.body, body.size()) == body);
    const Encoded empty = encode_body("", method);
    CHECK(decode_body(empty.properties, empty.body, 1).empty());
    CHECK_THROWS_AS((void)decode_body(packed.properties, packed.body, body.size() - 1),
                    std::invalid_argument);
    for (const auto& damaged :
         {packed.body.substr(0, packed.body.size() / 2),
          packed.body.substr(0, packed.body.size() - 1), std::string{"x"}, std::string{}}) {
      CHECK_THROWS_AS((void)decode_body(packed.properties, damaged, body.size()),
                      std::invalid_argument);
    }
  }
}

TEST_CASE("text that is not the same all over comes back as it was, by each way") {
  std::string body;
  for (unsigned i = 0; body.size() < 300'000; ++i) body += std::to_string(i * 2654435761U);
  for (const auto how : {Compression::zlib, Compression::bzip2, Compression::brotli,
                         Compression::lzma, Compression::zstandard}) {
    INFO(name_of(how));
    const std::string packed = compress(body, how);
    CHECK(packed.size() < body.size());
    CHECK((decompress(packed, how, max_body) == body));
  }
}

TEST_CASE("what is packed in another way is refused with the ways that there are") {
  auto unknown = encode_body("x", "").properties;
  unknown.headers->fields.emplace_back(
      "compression", thane::rpc::amqp::Value{std::string{"application/x-snappy"}});
  CHECK_THROWS_WITH_AS((void)decode_body(unknown, "x", 100),
                       "a message packed as application/x-snappy, which is not known here; the "
                       "sender's kombu_compression has to be gzip, bzip2, brotli, lzma, zstd or "
                       "nothing",
                       std::invalid_argument);
}

// The oldest format, as Python's lzma.FORMAT_ALONE writes it: the second to fifth octets are the
// size of the dictionary.
std::string thousand_times_x(std::string_view dictionary) {
  using namespace std::string_view_literals;
  constexpr auto rest =
      "\xff\xff\xff\xff\xff\xff\xff\xff\x00\x3c\x6f\xfb\xbf\xfe\xa3\xb0\xba\x6c\xaa\xf7\xff\xff\x9f"
      "\xec\x00\x00"sv;
  return std::string{"\x5d"}.append(dictionary).append(rest);
}

TEST_CASE("a stream that wants a dictionary of 1.5 GiB to be read is refused") {
  using namespace std::string_view_literals;
  CHECK(decompress(thousand_times_x("\0\0\4\0"sv), Compression::lzma, max_body) ==
        std::string(1000, 'x'));
  CHECK_THROWS_WITH_AS(
      (void)decompress(thousand_times_x("\0\0\0\x60"sv), Compression::lzma, max_body),
      "a compressed body that takes too much memory to read", std::invalid_argument);
}

}  // namespace
