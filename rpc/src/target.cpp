#include <thane/rpc/target.hpp>

#include <array>
#include <charconv>
#include <optional>
#include <stdexcept>
#include <string_view>

namespace thane::rpc {

namespace {

// Python's int(text) for what may stand in a version.
int number(std::string_view text) {
  int value = 0;
  const char* const end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || last != end) {
    throw std::invalid_argument("invalid literal for int() with base 10: '" + std::string{text} +
                                "'");
  }
  return value;
}

// The first three of what stands between dots; no more of it counts.
using Parts = std::array<std::optional<std::string_view>, 3>;

Parts split(std::string_view text) {
  Parts parts;
  for (auto& part : parts) {
    const auto dot = text.find('.');
    part = text.substr(0, dot);
    if (dot == std::string_view::npos) break;
    text.remove_prefix(dot + 1);
  }
  return parts;
}

int minor_of(const Parts& parts) {
  if (!parts[1]) throw std::out_of_range("list index out of range");
  return number(*parts[1]);
}

}  // namespace

std::string to_string(const Target& target) {
  std::string text;
  const auto add = [&](std::string_view name, const std::string& value) {
    text.append(text.empty() ? " " : ", ").append(name).append("=").append(value);
  };
  if (!target.exchange.empty()) add("exchange", target.exchange);
  if (!target.topic.empty()) add("topic", target.topic);
  if (target.name_space) add("namespace", *target.name_space);
  if (!target.version.empty()) add("version", target.version);
  if (!target.server.empty()) add("server", target.server);
  if (target.fanout) add("fanout", "True");
  return "<Target" + (text.empty() ? " " : text) + ">";
}

// The rule of oslo_messaging._utils.version_is_compatible, with its order of evaluation: it decides
// which versions are errors and which are merely not compatible.
bool compatible(const std::optional<std::string>& implemented,
                const std::optional<std::string>& requested) {
  if (!implemented) return true;
  if (!requested) return false;
  const auto has = split(*implemented);
  const auto wants = split(*requested);
  if (number(*wants[0]) != number(*has[0])) return false;
  const int wants_minor = minor_of(wants);
  const int has_minor = minor_of(has);
  if (wants_minor != has_minor) return wants_minor < has_minor;
  return number(wants[2].value_or("0")) <= number(has[2].value_or("0"));
}

}  // namespace thane::rpc
