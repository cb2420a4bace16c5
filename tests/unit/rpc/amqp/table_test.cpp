#include "amqp/table.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "amqp/properties.hpp"
#include "amqp/protocol.hpp"

using namespace thane::rpc::amqp;
using namespace std::string_view_literals;

namespace {

std::string written(const Table& table) {
  std::string octets;
  Writer to{octets};
  write_table(to, table);
  return octets;
}

Table read(std::string_view octets) {
  Reader from{octets};
  Table table = read_table(from);
  from.expect_end();
  return table;
}

// The octets as a table, or the code with which they are refused.
int table_code_of(std::string_view octets) {
  try {
    (void)read(octets);
    return 200;
  } catch (const protocol_error& error) {
    return static_cast<int>(error.code());
  }
}

TEST_CASE("every type is written as RabbitMQ reads it, and read back") {
  const Table inner{{{"x-queue-type", {std::string{"quorum"}}}}};
  const Table all{{
      {"void", {}},
      {"yes", {true}},
      {"b", {std::int8_t{-1}}},
      {"B", {std::uint8_t{255}}},
      {"s", {std::int16_t{-2}}},
      {"u", {std::uint16_t{65535}}},
      {"I", {std::int32_t{1800000}}},
      {"i", {std::uint32_t{4'000'000'000}}},
      {"l", {std::int64_t{-5'000'000'000}}},
      {"f", {1.5F}},
      {"d", {5e-324}},
      {"D", {Decimal{2, -314}}},
      {"S", {std::string{"a\0b", 3}}},
      {"x", {Bytes{"\xFF"}}},
      {"T", {Timestamp{1767323045}}},
      {"A", {Array{{{true}, {std::string{"x"}}, {inner}}}}},
      {"F", {inner}},
  }};
  CHECK(read(written(all)) == all);
  CHECK(written({{{"x-expires", {std::int32_t{1800000}}}}}) ==
        "\0\0\0\x0f\x09x-expiresI\x00\x1b\x77\x40"sv);
  CHECK(written({}) == "\0\0\0\0"sv);
}

TEST_CASE("a field is found by its name") {
  const Table table{{{"a", {true}}, {"compression", {std::string{"application/x-gzip"}}}}};
  CHECK(table.text("compression") == "application/x-gzip");
  CHECK(table.text("a").empty());
  CHECK(table.find("a") != nullptr);
  CHECK(table.find("b") == nullptr);
}

TEST_CASE("what is no table is refused with 502") {
  CHECK(table_code_of("\0\0\0\0"sv) == 200);
  for (const std::string_view bad : {
           "\0\0\0"sv,                       // No size.
           "\0\0\0\x05\x01x"sv,              // Shorter than it says.
           "\0\0\0\x02\x05x"sv,              // A name that goes beyond the table.
           "\0\0\0\x02\x01x"sv,              // No type.
           "\0\0\0\x03\x01x?"sv,             // A type that nobody knows.
           "\0\0\0\x05\x01xI\0\0"sv,         // Half a number.
           "\0\0\0\x08\x01xS\0\0\0\x09y"sv,  // A text that goes beyond.
           "\0\0\0\x00x"sv,                  // More than a table.
       }) {
    CHECK(table_code_of(bad) == 502);
  }
}

TEST_CASE("tables within tables are read up to a limit") {
  Table table;
  for (int i = 1; i < deepest_table; ++i) table = Table{{{"t", {table}}}};
  CHECK(table_code_of(written(table)) == 200);
  CHECK(table_code_of(written(Table{{{"t", {table}}}})) == 502);
}

TEST_CASE("the properties of a message are those that were set") {
  const Properties sent{.content_type = "application/json",
                        .content_encoding = "utf-8",
                        .headers = Table{},
                        .delivery_mode = 2,
                        .priority = 0,
                        .expiration = "10000"};
  std::string octets;
  Writer to{octets};
  write_content_header(to, 7, sent);
  CHECK(octets ==
        "\0\x3c\0\0\0\0\0\0\0\0\0\x07\xf9\0\x10"
        "application/json\x05utf-8\0\0\0\0\x02\0\x05"
        "10000"sv);
  const ContentHeader header = read_content_header(octets);
  CHECK(header.body_size == 7);
  CHECK(header.properties == sent);

  Properties all = sent;
  all.correlation_id = "c";
  all.reply_to = "r";
  all.message_id = "m";
  all.timestamp = 1;
  all.type = "t";
  all.user_id = "u";
  all.app_id = "a";
  all.cluster_id = "cl";
  octets.clear();
  write_content_header(to, 0, all);
  CHECK(read_content_header(octets).properties == all);
  CHECK_THROWS_AS((void)read_content_header(octets + "x"), protocol_error);
  CHECK_THROWS_AS((void)read_content_header("\0\x3d\0\0\0\0\0\0\0\0\0\0\0\0"sv), protocol_error);
  CHECK_THROWS_AS((void)read_content_header("\0\x3c\0\0\0\0\0\0\0\0\0\0\0\1"sv), protocol_error);
}

}  // namespace
