// Field tables: the arguments and headers of AMQP, with the types that RabbitMQ knows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "wire.hpp"

namespace thane::rpc::amqp {

struct Value;
struct Field;

/// Names and values in their order; a name may come twice, as in the format.
struct Table {
  std::vector<Field> fields;

  /// The first value of that name, or null.
  [[nodiscard]] const Value* find(std::string_view name) const noexcept;
  /// The first text (type S) of that name; empty if there is none.
  [[nodiscard]] std::string_view text(std::string_view name) const noexcept;
};
bool operator==(const Table& left, const Table& right);

struct Array {
  std::vector<Value> values;
};
bool operator==(const Array& left, const Array& right);

struct Decimal {
  std::uint8_t scale = 0;
  std::int32_t value = 0;
  friend bool operator==(const Decimal&, const Decimal&) = default;
};
struct Timestamp {
  std::uint64_t seconds = 0;
  friend bool operator==(const Timestamp&, const Timestamp&) = default;
};
struct Bytes {
  std::string octets;
  friend bool operator==(const Bytes&, const Bytes&) = default;
};

/// One value; the type on the wire is that of the alternative. What the specification and RabbitMQ
/// disagree on is as RabbitMQ has it (its errata, section 3): s is a signed short, l signed.
struct Value {
  std::variant<std::monostate, bool, std::int8_t, std::uint8_t, std::int16_t, std::uint16_t,
               std::int32_t, std::uint32_t, std::int64_t, float, double, Decimal, std::string,
               Bytes, Timestamp, Array, Table>
      value;
};
bool operator==(const Value& left, const Value& right);

struct Field {
  Field(std::string its_name, Value its_value)
      : name(std::move(its_name)), value(std::move(its_value)) {}
  friend bool operator==(const Field&, const Field&) = default;

  std::string name;
  Value value;
};

/// Tables and arrays within one another: more is refused with 502.
inline constexpr int deepest_table = 32;

void write_table(Writer& to, const Table& table);
/// Throws protocol_error 502 for what is no table.
[[nodiscard]] Table read_table(Reader& from);

}  // namespace thane::rpc::amqp
