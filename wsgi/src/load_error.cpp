#include <thane/wsgi/load_error.hpp>

namespace thane::wsgi {

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
