#include <doctest/doctest.h>

#include <ctime>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "log/record.hpp"

namespace {

using thane::log::Level;
using namespace thane::log::internal;

Record hello(std::string_view message = "hello") {
  return {
      .level = Level::info, .time = {1'795'262'400, 123'456'789}, .pid = 1234, .message = message};
}

std::string text(const Record& record) {
  Buffer out;
  append_text(out, record);
  return fmt::to_string(out);
}

std::string json_line(const Record& record) {
  Buffer out;
  append_json(out, record);
  return fmt::to_string(out);
}

TEST_CASE("a text line starts with UTC time, level and pid, and a colon ends the prefix") {
  CHECK(text(hello()) == "2026-11-21T12:00:00.123456Z INFO 1234: hello\n");
}

TEST_CASE("the time is that of the C library, in any year") {
  for (std::time_t second = 0; second < 4'200'000'000; second += 86'400 * 11 + 3'661) {
    std::tm parts{};
    ::gmtime_r(&second, &parts);
    char expected[32];
    std::strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S", &parts);
    auto record = hello();
    record.time = {second, 0};
    REQUIRE(text(record).starts_with(expected + std::string{".000000Z"}));
  }
}

TEST_CASE("a worker's line names service, index and generation, a request's its id") {
  auto record = hello();
  record.service = "web";
  record.worker = 0;
  record.generation = 2;
  record.request_id = "req-7";
  CHECK(text(record) == "2026-11-21T12:00:00.123456Z INFO 1234 web/0 g2 req-7: hello\n");
}

TEST_CASE("a worker without a service name is called worker") {
  auto record = hello();
  record.worker = 3;
  CHECK(text(record).ends_with("INFO 1234 worker/3: hello\n"));
}

TEST_CASE("each level has its word") {
  CHECK(level_word(Level::debug) == "DEBUG");
  CHECK(level_word(Level::info) == "INFO");
  CHECK(level_word(Level::warning) == "WARNING");
  CHECK(level_word(Level::error) == "ERROR");
  CHECK(level_word(Level::critical) == "CRITICAL");
}

TEST_CASE("line breaks and control characters cannot forge a line") {
  CHECK(text(hello("a\nb\x1b[31m\tc\n")).ends_with(": a\\nb\\x1b[31m\tc\n"));
}

TEST_CASE("a request id cannot pretend to be the end of the prefix") {
  auto record = hello();
  record.request_id = "x: worker 0 died\n";
  CHECK(text(record).ends_with("1234 x:_worker_0_died_: hello\n"));
}

TEST_CASE("a message past the limit is cut, and the line says by how much") {
  const std::string big(max_message + 10, 'x');
  CHECK(text(hello(big)).ends_with("xxx [10 bytes cut]\n"));
  CHECK(nlohmann::json::parse(json_line(hello(big)))["bytes_cut"] == 10);
}

TEST_CASE("a JSON line carries every field that applies") {
  auto record = hello("say \"hi\"\\\n");
  record.service = "web";
  record.worker = 0;
  record.generation = 2;
  record.fiber = 9;
  record.request_id = "req-7";
  const auto parsed = nlohmann::json::parse(json_line(record));
  CHECK(parsed == nlohmann::json{{"time", "2026-11-21T12:00:00.123456Z"},
                                 {"level", "INFO"},
                                 {"pid", 1234},
                                 {"service", "web"},
                                 {"worker", 0},
                                 {"generation", 2},
                                 {"fiber", 9},
                                 {"request_id", "req-7"},
                                 {"message", "say \"hi\"\\"}});
}

TEST_CASE("a JSON line leaves out what does not apply") {
  CHECK(nlohmann::json::parse(json_line(hello())).size() == 4);
}

TEST_CASE("a JSON line is valid whatever bytes the message holds") {
  // The second bytes are where a class of UTF-8 or of JSON begins or ends.
  constexpr std::string_view second{
      "\0\x1f \"\\a.\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xed\xef\xf0\xf4\xf5\xff", 25};
  for (unsigned first = 0; first < 256; ++first) {
    for (const char between : second) {
      for (const char last : {'a', '\x80', '\xbf', '"'}) {
        const std::string line =
            json_line(hello(std::string{static_cast<char>(first), between, last, '.'}));
        REQUIRE(line.find('\n') == line.size() - 1);
        const auto parsed = nlohmann::json::parse(line, nullptr, false);
        REQUIRE_FALSE(parsed.is_discarded());
        REQUIRE(parsed["message"].get<std::string>().back() == '.');
      }
    }
  }
}

TEST_CASE("a byte is escaped wherever in a line it stands") {
  for (unsigned byte = 0; byte < 256; ++byte) {
    for (std::size_t place = 0; place < 24; ++place) {
      std::string message(25, 'x');
      message[place] = static_cast<char>(byte);
      const auto parsed = nlohmann::json::parse(json_line(hello(message)))["message"];
      REQUIRE(parsed == (byte < 0x80 ? message : message.replace(place, 1, "\ufffd")));
      const std::string line = text(hello(message));
      REQUIRE(line.find_first_of(std::string{"\0\r\x1b\x7f", 4}) == std::string::npos);
      REQUIRE(line.find('\n') == line.size() - 1);
    }
  }
}

TEST_CASE("well-formed UTF-8 goes into a JSON line as it is, anything else is replaced") {
  const std::string good = "\u00e4\u20ac\U0001f600";
  CHECK(nlohmann::json::parse(json_line(hello(good)))["message"] == good);
  const auto message = [](const char* bytes) {
    return nlohmann::json::parse(json_line(hello(bytes)))["message"].get<std::string>();
  };
  CHECK(message("\xff") == "\ufffd");
  CHECK(message("\xc3(") == "\ufffd(");
  CHECK(message("\xc0\xaf") == "\ufffd\ufffd");
  CHECK(message("\xed\xa0\x80") == "\ufffd\ufffd\ufffd");
}

TEST_CASE("a journal datagram gives a message with line breaks by its length") {
  auto record = hello("two\nlines");
  record.worker = 1;
  Buffer out;
  append_journal(out, record);
  const std::string datagram = fmt::to_string(out);
  CHECK(datagram.starts_with("PRIORITY=6\nSYSLOG_IDENTIFIER="));
  CHECK(datagram.find("\nTHANE_WORKER=1\n") != std::string::npos);
  using namespace std::string_literals;
  CHECK(datagram.ends_with("MESSAGE\n\x09\0\0\0\0\0\0\0two\nlines\n"s));
}

}  // namespace
