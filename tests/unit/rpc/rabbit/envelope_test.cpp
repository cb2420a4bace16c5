#include "rabbit/envelope.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

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
  for (const char* method : {"gzip", "bzip2"}) {
    INFO(method);
    const Encoded packed = encode_body(body, method);
    CHECK(packed.body.size() < 1000);
    CHECK(decode_body(packed.properties, packed.body, body.size()) == body);
    CHECK_THROWS_AS((void)decode_body(packed.properties, packed.body, body.size() - 1),
                    std::invalid_argument);
    for (const auto& damaged :
         {packed.body.substr(0, packed.body.size() / 2), std::string{"x"}, std::string{}}) {
      CHECK_THROWS_AS((void)decode_body(packed.properties, damaged, body.size()),
                      std::invalid_argument);
    }
  }
  CHECK(encode_body("x", "gzip").properties.headers->text("compression") == "application/x-gzip");
  auto unknown = encode_body("x", "").properties;
  unknown.headers->fields.emplace_back("compression",
                                       thane::rpc::amqp::Value{std::string{"application/x-lzma"}});
  CHECK_THROWS_AS((void)decode_body(unknown, "x", 100), std::invalid_argument);
}

}  // namespace
