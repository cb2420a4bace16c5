#include <thane/rpc/target.hpp>

#include <algorithm>
#include <charconv>
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

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto dot = text.find('.');
    parts.push_back(text.substr(0, dot));
    if (dot == std::string_view::npos) return parts;
    text.remove_prefix(dot + 1);
  }
}

std::string_view part(const std::vector<std::string_view>& parts, std::size_t index) {
  if (index >= parts.size()) throw std::out_of_range("list index out of range");
  return parts[index];
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
  if (number(wants[0]) != number(has[0])) return false;
  const int wants_minor = number(part(wants, 1));
  const int has_minor = number(part(has, 1));
  if (wants_minor != has_minor) return wants_minor < has_minor;
  return number(wants.size() > 2 ? wants[2] : "0") <= number(has.size() > 2 ? has[2] : "0");
}

}  // namespace thane::rpc
