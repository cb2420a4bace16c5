#include "config/value.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <limits>
#include <string>
#include <vector>

#include "config/duration_text.hpp"

using namespace std::chrono_literals;
using thane::Opt;
using thane::internal::OptValue;
using thane::internal::parse_duration;
using thane::internal::parse_value;
using thane::internal::to_text;
using Strings = std::vector<std::string>;

namespace {

// The value as text, or the error after "!".
template <class T>
std::string read(const Opt<T>& option, const Strings& texts) {
  const auto parsed = parse_value(thane::AnyOpt{option}.definition(), texts);
  if (!parsed.error.empty()) {
    return "!" + parsed.error;
  }
  CHECK(std::holds_alternative<T>(parsed.value));
  return to_text(parsed.value);
}

template <class T>
std::string read(const std::string& text) {
  return read(Opt<T>{.name = "x"}, {text});
}

TEST_CASE("a bool is read in the words that oslo.config knows") {
  for (const char* text : {"true", "True", "TRUE", "yes", "on", "1"}) {
    CHECK(read<bool>(text) == "true");
  }
  for (const char* text : {"false", "False", "no", "off", "0"}) {
    CHECK(read<bool>(text) == "false");
  }
  CHECK(read<bool>("2") == "!\"2\" is not true or false");
  CHECK(read<bool>("") == "!the value is empty; true or false is expected");
}

TEST_CASE("a number is read whole or not at all") {
  CHECK(read<int>("42") == "42");
  CHECK(read<int>("+42") == "42");
  CHECK(read<int>("-7") == "-7");
  CHECK(read<int>("2147483648") == "!\"2147483648\" does not fit");
  CHECK(read<std::int64_t>("2147483648") == "2147483648");
  CHECK(read<int>("4.5") == "!\"4.5\" is not an integer");
  CHECK(read<int>("4x") == "!\"4x\" is not an integer");
  CHECK(read<int>("0x10") == "!\"0x10\" is not an integer");
  CHECK(read<int>("++4") == "!\"++4\" is not an integer");
  CHECK(read<int>("+-4") == "!\"+-4\" is not an integer");
  CHECK(read<int>("") == "!the value is empty; an integer is expected");
  CHECK(read<double>("0.5") == "0.5");
  CHECK(read<double>("1e3") == "1000");
  CHECK(read<double>("nan") == "!\"nan\" is not a number");
  CHECK(read<double>("inf") == "!\"inf\" is not a number");
}

TEST_CASE("a duration is seconds, or has a unit") {
  CHECK(read<std::chrono::seconds>("60") == "60");
  CHECK(read<std::chrono::seconds>("2m") == "120");
  CHECK(read<std::chrono::seconds>("1.5h") == "5400");
  CHECK(read<std::chrono::seconds>("3 s") == "3");
  CHECK(read<std::chrono::seconds>("1d") == "86400");
  CHECK(read<std::chrono::milliseconds>("1.5") == "1500ms");
  CHECK(read<std::chrono::milliseconds>("500ms") == "500ms");
  CHECK(read<std::chrono::milliseconds>("0.0005s") ==
        "!\"0.0005s\" is not a whole number of milliseconds");
}

TEST_CASE("what an option of seconds cannot hold is refused, never rounded") {
  CHECK(read<std::chrono::seconds>("1.5") == "!\"1.5\" is not a whole number of seconds");
  CHECK(read<std::chrono::seconds>("500ms") == "!\"500ms\" is not a whole number of seconds");
  CHECK(read<std::chrono::seconds>("-1") == "!\"-1\" is negative");
  CHECK(read<std::chrono::seconds>("99999999999999999999") ==
        "!\"99999999999999999999\" is too long");
  CHECK(read<std::chrono::seconds>("9999999999") == "!\"9999999999\" is too long");
  const std::string wrong = " is not a duration; write it as 60, 1.5, 500ms, 2m or 1h";
  for (const char* text : {"x", "1y", "1.", ".5", "1 m m", "5 5", "1.5.5", "."}) {
    CHECK(read<std::chrono::seconds>(text) == "!\"" + std::string{text} + "\"" + wrong);
  }
}

TEST_CASE("fractions of durations are exact") {
  CHECK(parse_duration("0.1").value == 100ms);
  CHECK(parse_duration("0.000000001").value == 1ns);
  CHECK(parse_duration("0.0000000010").value == 1ns);
  CHECK(parse_duration("0.00000000100000").value == 1ns);
  CHECK(parse_duration("0.0000000001").error == "is finer than a nanosecond");
  CHECK(parse_duration("0.00000000001").error == "is finer than a nanosecond");
  CHECK(parse_duration("0.000001ms").value == 1ns);
}

TEST_CASE("a list has the elements between commas, of all its lines and repetitions") {
  const Opt<Strings> list{.name = "hosts"};
  const auto elements = [&](const Strings& texts) {
    return std::get<Strings>(parse_value(thane::AnyOpt{list}.definition(), texts).value);
  };
  CHECK(elements({"a"}) == Strings{"a"});
  CHECK(elements({"a, b,c"}) == Strings{"a", "b", "c"});
  CHECK(elements({"a\nb, c"}) == Strings{"a", "b", "c"});
  CHECK(elements({"a", "b"}) == Strings{"a", "b"});
  CHECK(elements({""}) == Strings{});
  CHECK(elements({"a,,b,"}) == Strings{"a", "b"});
}

TEST_CASE("limits hold at their ends and not beyond") {
  const Opt<int> port{.name = "port", .default_value = 80, .min = 1, .max = 65535};
  CHECK(read(port, {"1"}) == "1");
  CHECK(read(port, {"65535"}) == "65535");
  CHECK(read(port, {"0"}) == "!0 is below the minimum of 1");
  CHECK(read(port, {"65536"}) == "!65536 is above the maximum of 65535");
  const Opt<std::chrono::seconds> grace{.name = "grace", .max = 60s};
  CHECK(read(grace, {"2m"}) == "!120 is above the maximum of 60");
}

TEST_CASE("a value has to be one of the choices, if there are any") {
  const Opt<std::string> format{.name = "f", .default_value = "text", .choices = {"text", "json"}};
  CHECK(read(format, {"json"}) == "json");
  CHECK(read(format, {"xml"}) == "!\"xml\" is not one of: text, json");
  const Opt<bool> sure{.name = "sure", .default_value = true, .choices = {true}};
  CHECK(read(sure, {"no"}) == "!false is not one of: true");
}

TEST_CASE("an error does not repeat a secret") {
  const Opt<int> pin{.name = "pin", .secrecy = thane::Secrecy::secret};
  CHECK(read(pin, {"hunter2"}).find("hunter2") == std::string::npos);
}

TEST_CASE("the text of a value reads as the same value") {
  const auto same = [](const auto& option, const OptValue& value) {
    return parse_value(thane::AnyOpt{option}.definition(), {to_text(value)}).value == value;
  };
  CHECK(same(Opt<bool>{.name = "x"}, true));
  CHECK(same(Opt<int>{.name = "x"}, std::numeric_limits<int>::min()));
  CHECK(same(Opt<std::int64_t>{.name = "x"}, std::numeric_limits<std::int64_t>::max()));
  CHECK(same(Opt<double>{.name = "x"}, 0.1));
  CHECK(same(Opt<std::string>{.name = "x"}, std::string{"a b"}));
  CHECK(same(Opt<std::chrono::seconds>{.name = "x"}, 90s));
  CHECK(same(Opt<std::chrono::milliseconds>{.name = "x"}, 90001ms));
  CHECK(same(Opt<Strings>{.name = "x"}, Strings{"a", "b c"}));
}

}  // namespace
