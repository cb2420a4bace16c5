// The simple types of AMQP: integers in network order, short and long strings.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace thane::rpc::amqp {

/// Appends to a string that outlives it.
class Writer {
 public:
  explicit Writer(std::string& to) noexcept : to_(to) {}

  void octet(std::uint8_t value) { to_.push_back(static_cast<char>(value)); }
  void short_integer(std::uint16_t value) { integer(value); }
  void long_integer(std::uint32_t value) { integer(value); }
  void long_long_integer(std::uint64_t value) { integer(value); }
  /// Throws std::invalid_argument if it has more than the 255 octets that the format allows.
  void short_string(std::string_view text);
  void long_string(std::string_view text);

  /// Four octets to be filled in later with the number of those behind them.
  [[nodiscard]] std::size_t begin_size();
  void end_size(std::size_t begun);

 private:
  template <class Number>
  void integer(Number value) {
    std::array<char, sizeof value> octets{};
    for (std::size_t i = octets.size(); i-- > 0; value = static_cast<Number>(value >> 8)) {
      octets[i] = static_cast<char>(value & 0xFF);
    }
    to_.append(octets.data(), octets.size());
  }

  std::string& to_;
};

/// Reads what a Writer has written, and stays within it: each call throws protocol_error 502 where
/// too little is left. What it returns are views of the text that it was given.
class Reader {
 public:
  explicit Reader(std::string_view octets) noexcept : rest_(octets) {}

  std::uint8_t octet() { return static_cast<std::uint8_t>(integer(1)); }
  std::uint16_t short_integer() { return static_cast<std::uint16_t>(integer(2)); }
  std::uint32_t long_integer() { return static_cast<std::uint32_t>(integer(4)); }
  std::uint64_t long_long_integer() { return integer(8); }
  std::string_view short_string() { return take(octet()); }
  std::string_view long_string() { return take(long_integer()); }
  std::string_view take(std::size_t count);

  [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }
  /// Throws protocol_error 502 unless everything was read.
  void expect_end() const;

 private:
  std::uint64_t integer(std::size_t octets) {
    std::uint64_t value = 0;
    for (const char c : take(octets)) {
      value = value << 8 | static_cast<std::uint8_t>(c);
    }
    return value;
  }

  std::string_view rest_;
};

}  // namespace thane::rpc::amqp
