#include <thane/wsgi/load_error.hpp>

#include <algorithm>
#include <utility>

namespace thane::wsgi {

namespace {

// Names out of a file may hold anything; a message is one line all the same.
std::string one_line(std::string text) {
  const auto is_control = [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; };
  std::ranges::replace_if(text, is_control, ' ');
  return text;
}

}  // namespace

load_error::load_error(Category category, Where where, const std::string& what)
    : config_error(one_line(what)), category_(category), where_(std::move(where)) {}

std::string_view to_string(load_error::Category category) noexcept {
  using Category = load_error::Category;
  switch (category) {
    case Category::lookup:
      return "lookup";
    case Category::interpolation:
      return "interpolation";
    case Category::parse:
      return "parse";
    case Category::loop:
      return "loop";
    case Category::missing_file:
      return "missing-file";
    case Category::value:
      return "value";
  }
  return "";
}

}  // namespace thane::wsgi
