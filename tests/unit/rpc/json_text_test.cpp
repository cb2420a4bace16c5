// JSON as Python reads and writes it, with nlohmann's reader as the oracle of what is JSON.
#include "json_text.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "utf8.hpp"

using nlohmann::json;
using thane::rpc::internal::decode;
using thane::rpc::internal::decode_members;
using thane::rpc::internal::encode;
using thane::rpc::internal::MemberValue;

namespace {

std::string through(const std::string& text) {
  return encode(decode(text));
}

TEST_CASE("what Python writes beyond JSON comes through unchanged") {
  for (const std::string text :
       {"NaN", "Infinity", "-Infinity", "1208925819614629174706176", "-99999999999999999999",
        R"("a\ud800b")", R"("\udfff")", R"(["\ud83d", "\ude00"])", "-0.0", "5e-324",
        "0.30000000000000004", "1e+22", "9223372036854775807", "18446744073709551615",
        "-9223372036854775808", "2.0", R"({"a": [1, null, true, false, ""], "b": {}})"}) {
    CHECK(through(text) == text);
  }
}

TEST_CASE("pairs of surrogates are one character, and characters are not escaped") {
  CHECK(decode(R"("\ud83d\ude00")").get<std::string>() == "\xf0\x9f\x98\x80");
  CHECK(through(R"("\ud83d\ude00 \u017e \u0000 \"\\\n\t\u001f")") ==
        "\"\xf0\x9f\x98\x80 \xc5\xbe \\u0000 \\\"\\\\\\n\\t\\u001f\"");
}

TEST_CASE("numbers that no double holds are infinite or zero, as in Python") {
  CHECK(std::isinf(decode("1e400").get<double>()));
  CHECK(decode("1e-400").get<double>() == 0);
}

TEST_CASE("octets that are no UTF-8 are refused, and never written") {
  for (const std::string octets : {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                   "\xe2\x82", "\xf0\x8f\x80\x80", "\x80"}) {
    CHECK_THROWS_AS((void)decode("\"" + octets + "\""), std::invalid_argument);
  }
  CHECK(encode(json("a\xff"
                    "b\xe2\x82")) == R"("a\ufffdb\ufffd\ufffd")");
}

TEST_CASE("a text with escapes is whole, be it most of what is read or little of it") {
  const std::string text = "\"" + std::string(100, 'a') + "\n" + std::string(100, 'b');
  CHECK(decode(encode(json(text))) == text);
  const json texts{"\n", text, "\t", text + text, std::string(5000, 'c') + "\n", "\"", text};
  CHECK(decode(encode(texts)) == texts);
}

TEST_CASE("plain text ends where something else begins, at any place") {
  using thane::rpc::internal::plain_prefix;
  for (std::size_t before = 0; before < 40; ++before) {
    for (const std::string other : {"\"", "\\", "\x1f", "\n", "\x80", "\xff", ""}) {
      const std::string text = std::string(before, '~') + other;
      for (const char* after : {"", "\"!", "0123456789", "0123456789012345678901234567890\n"}) {
        const bool ends = !other.empty() || after[0] == '"';
        const std::size_t plain = std::strcspn(after, "\n");
        CHECK(plain_prefix(text + after) == (ends ? before : before + plain));
      }
    }
  }
  CHECK(plain_prefix(" !#[]\x7f 0123456789") == 17);
  for (int octet = 0; octet < 256; ++octet) {
    const bool plain = octet >= 0x20 && octet < 0x80 && octet != '"' && octet != '\\';
    CHECK(plain_prefix(std::string(100, static_cast<char>(octet))) == (plain ? 100 : 0));
  }
}

TEST_CASE("the members of an object come one by one, and nothing else does") {
  std::string seen;
  const auto note = [&](std::string_view name, MemberValue& value) {
    seen.append(name).append(encode(value.take())).append(";");
  };
  CHECK(decode_members(R"( {"b": [1], "a": "\"x", "b": null} )", note));
  CHECK(seen == R"(b[1];a"\"x";bnull;)");
  for (const char* other : {"", "[]", "1", "x"}) CHECK_FALSE(decode_members(other, note));
  for (const char* bad : {"{", "{} {}", R"({"a" 1})"}) {
    CHECK_THROWS_AS((void)decode_members(bad, note), std::invalid_argument);
  }
}

TEST_CASE("a member is taken as text if it is one, and what is left is read all the same") {
  std::string seen;
  const auto note = [&](std::string_view name, MemberValue& value) {
    if (!name.starts_with("left")) {
      seen.append(name).append(value.take_text().value_or("-")).append(";");
    }
  };
  CHECK(decode_members(
      R"({"a": "1", "left": {"a": "2"}, "\\\"": "\"x", "b": [3], "left2": "x", "": null})", note));
  CHECK(seen == R"(a1;\""x;b-;-;)");
  for (const char* bad : {R"({"left": tru})", R"({"left": "x)", R"({"left" })"}) {
    CHECK_THROWS_AS((void)decode_members(bad, note), std::invalid_argument);
  }
}

TEST_CASE("what nlohmann's reader refuses is refused, and what it takes has the same value") {
  const std::string texts[] = {"",
                               " ",
                               "{",
                               "}",
                               "[",
                               "]",
                               "[1,]",
                               "{\"a\":1,}",
                               "{a:1}",
                               "{\"a\" 1}",
                               "01",
                               "-",
                               "-01",
                               "1.",
                               ".5",
                               "1e",
                               "1e+",
                               "+1",
                               "tru",
                               "nul",
                               "\"",
                               "\"\\x\"",
                               "\"\\u12\"",
                               "\"\\u12g4\"",
                               "\"\x01\"",
                               "1 2",
                               "[] []",
                               "{\"a\":1,\"a\":2}",
                               " [1 , 2 ] ",
                               "0",
                               "-0",
                               "1E5",
                               "1.5e-3",
                               "\"\\/\\b\\f\\r\"",
                               "[[[]]]",
                               "true",
                               "false",
                               "null",
                               "{\"\":[]}",
                               "-1",
                               "123456789",
                               "\"\\u00e9\\uffff\"",
                               "\xef\xbb\xbf"
                               "1"};
  for (const std::string& text : texts) {
    CAPTURE(text);
    const json expected = json::parse(text, nullptr, false);
    if (expected.is_discarded()) {
      if (text.starts_with("\xef")) continue;
      CHECK_THROWS_AS((void)decode(text), std::invalid_argument);
    } else if (!text.starts_with("\xef")) {
      CHECK(decode(text) == expected);
      CHECK(json::parse(encode(expected)) == expected);
    }
  }
}

TEST_CASE("nesting has a limit") {
  const auto nested = [](std::size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
  };
  CHECK(through(nested(200)) == nested(200));
  CHECK_THROWS_AS((void)decode(nested(100'000)), std::invalid_argument);
}

}  // namespace
