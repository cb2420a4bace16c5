#include "json_text.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string_view>

#include <thane/internal/plain_prefix.hpp>

namespace thane::wsgi::internal {

namespace {

using nlohmann::json;

// A name or a string. What has to be escaped or examined is left to dump().
void write_text(std::string& out, const std::string& text) {
  if (thane::internal::plain_prefix(text) == text.size()) {
    out += '"';
    out += text;
    out += '"';
  } else {
    out += json(text).dump();
  }
}

template <class Number>
void write_number(std::string& out, Number number) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

void write(std::string& out, const json& value);

void write_object(std::string& out, const json::object_t& members) {
  char before = '{';
  for (const auto& [name, value] : members) {
    out += before;
    write_text(out, name);
    out += ':';
    write(out, value);
    before = ',';
  }
  out += members.empty() ? "{}" : "}";
}

void write_array(std::string& out, const json::array_t& elements) {
  char before = '[';
  for (const json& element : elements) {
    out += before;
    write(out, element);
    before = ',';
  }
  out += elements.empty() ? "[]" : "]";
}

void write(std::string& out, const json& value) {
  switch (value.type()) {
    case json::value_t::object:
      return write_object(out, value.get_ref<const json::object_t&>());
    case json::value_t::array:
      return write_array(out, value.get_ref<const json::array_t&>());
    case json::value_t::string:
      return write_text(out, value.get_ref<const std::string&>());
    case json::value_t::number_integer:
      return write_number(out, value.get_ref<const json::number_integer_t&>());
    case json::value_t::number_unsigned:
      return write_number(out, value.get_ref<const json::number_unsigned_t&>());
    case json::value_t::boolean:
      out += value.get<bool>() ? "true" : "false";
      return;
    default:
      out += value.dump();
  }
}

}  // namespace

std::string json_text(const json& value) {
  std::string out;
  write(out, value);
  return out;
}

}  // namespace thane::wsgi::internal
