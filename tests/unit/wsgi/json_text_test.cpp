#include "json_text.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

namespace {

using nlohmann::json;
using thane::wsgi::internal::json_text;

TEST_CASE("the text is that of dump()") {
  const json numbers{0,
                     -1,
                     std::numeric_limits<std::int64_t>::min(),
                     std::numeric_limits<std::uint64_t>::max(),
                     0.0,
                     -0.5,
                     1e22,
                     100000.0,
                     std::numeric_limits<double>::infinity()};
  const json texts{"",
                   "plain",
                   "a \"quote\"",
                   "back\\slash",
                   "line\nend\t\x01\x7f/",
                   "gr\u00fc\u00dfe \U0001f600",
                   std::string{"\0", 1}};
  const json names{{"", 1}, {"two words", 2}, {"\"", 3}, {"\u00fc", 4}};
  for (const json& value :
       {json{}, json{true}, json{false}, json::object(), json::array(), json{json::array()},
        numbers, texts, names, json::binary({1, 2, 255}), json(json::value_t::discarded),
        json{{"all", {numbers, texts, {{"names", names}}}}, {"none", nullptr}}}) {
    CHECK(json_text(value) == value.dump());
  }
}

TEST_CASE("text that is not UTF-8 is refused as dump() refuses it") {
  for (const json& value :
       {json{"\xff"}, json{{"a", {"fine", "cut \xc3"}}}, json{{"\xed\xa0\x80", 1}}}) {
    CHECK_THROWS_AS((void)json_text(value), json::type_error);
  }
}

}  // namespace
