#include <thane/wsgi/response.hpp>

#include <algorithm>
#include <stdexcept>

#include "characters.hpp"
#include "json_text.hpp"

namespace thane::wsgi {

namespace {

bool equal_names(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return internal::to_lower(x) == internal::to_lower(y);
         });
}

bool is_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return internal::is(internal::value_character, c); });
}

void check_header(std::string_view name, std::string_view value) {
  const bool token = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return internal::is(internal::token_character, c);
  });
  if (!token) throw std::invalid_argument("a header name that is not a token was refused");
  if (!is_value(value)) {
    throw std::invalid_argument("header \"" + std::string{name} +
                                "\" with a control character in its value was refused");
  }
}

}  // namespace

Response::Response(int status) {
  if (status != status_) set_status(status);
}

Response Response::text(std::string body) {
  Response response;
  response.content_type_ = "text/plain; charset=utf-8";
  response.body_ = std::move(body);
  return response;
}

Response Response::json(const nlohmann::json& value) {
  Response response;
  response.content_type_ = "application/json";
  response.body_ = internal::json_text(value);
  return response;
}

Response Response::stream(BodyStream body, std::string_view content_type) {
  Response response;
  if (!content_type.empty()) response.add_header("Content-Type", content_type);
  response.stream_ = std::move(body);
  return response;
}

Response& Response::set_status(int status, std::string_view reason) & {
  if (status < 200 || status > 599) {
    throw std::invalid_argument("status " + std::to_string(status) + " is not one of 200 to 599");
  }
  if (!is_value(reason)) {
    throw std::invalid_argument("a reason phrase with a control character was refused");
  }
  status_ = static_cast<std::int16_t>(status);
  reason_ = reason;
  return *this;
}

Response& Response::add_header(std::string_view name, std::string_view value) & {
  check_header(name, value);
  headers_.emplace_back(name, value);
  return *this;
}

Response& Response::set_header(std::string_view name, std::string_view value) & {
  check_header(name, value);
  remove_header(name);
  headers_.emplace_back(name, value);
  return *this;
}

Response& Response::remove_header(std::string_view name) & {
  std::erase_if(headers_, [name](const auto& header) { return equal_names(header.first, name); });
  return *this;
}

std::optional<std::string_view> Response::header(std::string_view name) const {
  for (const auto& [own, value] : headers_) {
    if (equal_names(own, name)) return value;
  }
  return std::nullopt;
}

}  // namespace thane::wsgi
