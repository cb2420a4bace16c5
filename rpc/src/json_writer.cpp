#include <array>
#include <charconv>
#include <cmath>

#include "json_text.hpp"
#include "utf8.hpp"

namespace thane::rpc::internal {

namespace {

using nlohmann::json;

void write_escape(std::string& out, char32_t code_unit) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\u";
  for (const unsigned shift : {12U, 8U, 4U, 0U}) out += digits[(code_unit >> shift) & 0x0f];
}

void write_control(std::string& out, char character) {
  switch (character) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      write_escape(out, static_cast<unsigned char>(character));
  }
}

// What begins with an octet that is not ASCII; returns how many octets it was.
std::size_t write_character(std::string& out, std::string_view text) {
  std::size_t end = 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
  const std::string_view character = text.substr(0, end);
  if (utf8_prefix(character) == character.size()) {
    out += character;
    return end;
  }
  if (const char32_t surrogate = leading_surrogate(text)) {
    write_escape(out, surrogate);
    return 3;
  }
  out += "\\ufffd";
  return 1;
}

template <class Number>
void write_number(std::string& out, Number number) {
  std::array<char, 32> text{};
  const auto result = std::to_chars(text.data(), text.data() + text.size(), number);
  out.append(text.data(), result.ptr);
}

void write_real(std::string& out, double number) {
  if (std::isnan(number)) {
    out += "NaN";
  } else if (std::isinf(number)) {
    out += number < 0 ? "-Infinity" : "Infinity";
  } else {
    const std::size_t begin = out.size();
    write_number(out, number);
    // A float stays one at the other end.
    if (out.find_first_of(".e", begin) == std::string::npos) out += ".0";
  }
}

void write_binary(std::string& out, const json::binary_t& octets) {
  const std::string_view text{reinterpret_cast<const char*>(octets.data()), octets.size()};
  if (octets.has_subtype() && octets.subtype() == big_integer_subtype) {
    out += text;
  } else {
    encode_text_to(out, text);  // As Python does with bytes.
  }
}

template <class Container, class Write>
void write_all(std::string& out, char open, char close, const Container& elements, Write write) {
  out += open;
  bool first = true;
  for (const auto& element : elements) {
    if (!first) out += ", ";
    first = false;
    write(element);
  }
  out += close;
}

}  // namespace

void encode_text_to(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t plain = plain_prefix(text);
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    if (static_cast<unsigned char>(text.front()) >= 0x80) {
      text.remove_prefix(write_character(out, text));
    } else {
      write_control(out, text.front());
      text.remove_prefix(1);
    }
  }
  out += '"';
}

void encode_to(std::string& out, const json& value) {
  switch (value.type()) {
    case json::value_t::object:
      return write_all(out, '{', '}', value.get_ref<const json::object_t&>(),
                       [&](const auto& member) {
                         encode_text_to(out, member.first);
                         out += ": ";
                         encode_to(out, member.second);
                       });
    case json::value_t::array:
      return write_all(out, '[', ']', value.get_ref<const json::array_t&>(),
                       [&](const json& element) { encode_to(out, element); });
    case json::value_t::string:
      return encode_text_to(out, value.get_ref<const std::string&>());
    case json::value_t::boolean:
      out += value.get<bool>() ? "true" : "false";
      return;
    case json::value_t::number_integer:
      return write_number(out, value.get<std::int64_t>());
    case json::value_t::number_unsigned:
      return write_number(out, value.get<std::uint64_t>());
    case json::value_t::number_float:
      return write_real(out, value.get<double>());
    case json::value_t::binary:
      return write_binary(out, value.get_binary());
    case json::value_t::null:
    case json::value_t::discarded:
      out += "null";
  }
}

std::string encode(const json& value) {
  std::string out;
  encode_to(out, value);
  return out;
}

}  // namespace thane::rpc::internal
