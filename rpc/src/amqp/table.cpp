#include "table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <type_traits>

#include "protocol.hpp"

namespace thane::rpc::amqp {

namespace {

struct ValueWriter {
  Writer& to;

  void tag(char type) const { to.octet(static_cast<std::uint8_t>(type)); }

  void operator()(std::monostate) const { tag('V'); }
  void operator()(bool value) const {
    tag('t');
    to.octet(value ? 1 : 0);
  }
  void operator()(std::int8_t value) const {
    tag('b');
    to.octet(static_cast<std::uint8_t>(value));
  }
  void operator()(std::uint8_t value) const {
    tag('B');
    to.octet(value);
  }
  void operator()(std::int16_t value) const {
    tag('s');
    to.short_integer(static_cast<std::uint16_t>(value));
  }
  void operator()(std::uint16_t value) const {
    tag('u');
    to.short_integer(value);
  }
  void operator()(std::int32_t value) const {
    tag('I');
    to.long_integer(static_cast<std::uint32_t>(value));
  }
  void operator()(std::uint32_t value) const {
    tag('i');
    to.long_integer(value);
  }
  void operator()(std::int64_t value) const {
    tag('l');
    to.long_long_integer(static_cast<std::uint64_t>(value));
  }
  void operator()(float value) const {
    tag('f');
    to.long_integer(std::bit_cast<std::uint32_t>(value));
  }
  void operator()(double value) const {
    tag('d');
    to.long_long_integer(std::bit_cast<std::uint64_t>(value));
  }
  void operator()(const Decimal& value) const {
    tag('D');
    to.octet(value.scale);
    to.long_integer(static_cast<std::uint32_t>(value.value));
  }
  void operator()(const std::string& value) const {
    tag('S');
    to.long_string(value);
  }
  void operator()(const Bytes& value) const {
    tag('x');
    to.long_string(value.octets);
  }
  void operator()(const Timestamp& value) const {
    tag('T');
    to.long_long_integer(value.seconds);
  }
  void operator()(const Array& array) const {
    tag('A');
    const auto size = to.begin_size();
    for (const Value& value : array.values) {
      std::visit(*this, value.value);
    }
    to.end_size(size);
  }
  void operator()(const Table& table) const {
    tag('F');
    write_table(to, table);
  }
};

Table read_fields(std::string_view octets, int depth);
Value read_value(Reader& from, int depth);

Array read_array(std::string_view octets, int depth) {
  Array array;
  for (Reader from{octets}; !from.empty();) {
    array.values.push_back(read_value(from, depth));
  }
  return array;
}

template <class To, class From>
Value as(From value) {
  return Value{static_cast<To>(value)};
}

Value read_value(Reader& from, int depth) {
  const char type = static_cast<char>(from.octet());
  switch (type) {
    case 'V':
      return {};
    case 't':
      return Value{from.octet() != 0};
    case 'b':
      return as<std::int8_t>(from.octet());
    case 'B':
      return Value{from.octet()};
    case 's':
      return as<std::int16_t>(from.short_integer());
    case 'u':
      return Value{from.short_integer()};
    case 'I':
      return as<std::int32_t>(from.long_integer());
    case 'i':
      return Value{from.long_integer()};
    case 'l':
    case 'L':
      return as<std::int64_t>(from.long_long_integer());
    case 'f':
      return Value{std::bit_cast<float>(from.long_integer())};
    case 'd':
      return Value{std::bit_cast<double>(from.long_long_integer())};
    case 'D': {
      const std::uint8_t scale = from.octet();
      return Value{Decimal{scale, static_cast<std::int32_t>(from.long_integer())}};
    }
    case 'S':
      return as<std::string>(from.long_string());
    case 'x':
      return Value{Bytes{std::string{from.long_string()}}};
    case 'T':
      return Value{Timestamp{from.long_long_integer()}};
    case 'A':
    case 'F':
      break;
    default:
      throw protocol_error(ReplyCode::syntax_error, fmt::format("a field of the unknown type {}",
                                                                static_cast<unsigned char>(type)));
  }
  if (depth >= deepest_table) {
    throw protocol_error(ReplyCode::syntax_error,
                         fmt::format("more than {} tables within one another", deepest_table));
  }
  if (type == 'A') return Value{read_array(from.long_string(), depth + 1)};
  return Value{read_fields(from.long_string(), depth + 1)};
}

Table read_fields(std::string_view octets, int depth) {
  Table table;
  for (Reader from{octets}; !from.empty();) {
    std::string name{from.short_string()};
    table.fields.emplace_back(std::move(name), read_value(from, depth));
  }
  return table;
}

}  // namespace

bool operator==(const Table& left, const Table& right) {
  return left.fields == right.fields;
}
bool operator==(const Array& left, const Array& right) {
  return left.values == right.values;
}
bool operator==(const Value& left, const Value& right) {
  return left.value == right.value;
}

const Value* Table::find(std::string_view name) const noexcept {
  const auto found =
      std::ranges::find_if(fields, [&](const auto& field) { return field.name == name; });
  return found == fields.end() ? nullptr : &found->value;
}

std::string_view Table::text(std::string_view name) const noexcept {
  const Value* const value = find(name);
  const auto* const text = value != nullptr ? std::get_if<std::string>(&value->value) : nullptr;
  return text != nullptr ? std::string_view{*text} : std::string_view{};
}

void write_table(Writer& to, const Table& table) {
  const auto size = to.begin_size();
  for (const auto& [name, value] : table.fields) {
    to.short_string(name);
    std::visit(ValueWriter{to}, value.value);
  }
  to.end_size(size);
}

Table read_table(Reader& from) {
  return read_fields(from.long_string(), 1);
}

}  // namespace thane::rpc::amqp
