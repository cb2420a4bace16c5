#include "notification_routes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include <thane/config.hpp>
#include <thane/internal/read_file.hpp>
#include <thane/internal/suggestion.hpp>

#include "loaded_library.hpp"
#include "yaml.hpp"

namespace thane::rpc::internal {

namespace {

constexpr std::size_t largest_file = 1024 * 1024;

std::string suggestion(const std::string& wrong, const std::vector<std::string>& known) {
  const std::string meant = thane::internal::nearest(wrong, known);
  return meant.empty() ? "" : fmt::format("; did you mean \"{}\"?", meant);
}

std::string in_lower_case(std::string text) {
  for (char& letter : text) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter + 32);
  }
  return text;
}

}  // namespace

const std::vector<std::string>& notification_drivers() {
  static const std::vector<std::string> all{"messagingv2", "messaging", "log", "noop", "test"};
  return all;
}

bool is_notification_driver(const std::string& name) {
  return std::ranges::find(notification_drivers(), name) != notification_drivers().end();
}

// oslo.messaging finds a file like that wrong, or passes over what it does not know, when the first
// notification is sent; here it is refused when it is read.
class RoutesReader {
 public:
  explicit RoutesReader(const std::string& name) : name_(name) {}

  NotificationRoutes read(std::string_view text) {
    const YamlNode root = parse(text);
    NotificationRoutes routes;
    if (root.kind == YamlNode::Kind::null) return routes;
    for (const auto& [group, drivers] : map(root, "groups").members) {
      for (const auto& [driver, rules] : map(drivers, "drivers").members) {
        check_driver(driver, rules.line);
        routes.entries_.push_back(entry(driver, rules));
      }
    }
    return routes;
  }

 private:
  using Patterns = NotificationRoutes::Patterns;

  [[noreturn]] void refuse(std::size_t line, const std::string& why) const {
    throw config_error(fmt::format("{}:{}: {}", name_, line, why));
  }

  YamlNode parse(std::string_view text) const {
    try {
      return parse_yaml(text);
    } catch (const yaml_error& error) {
      refuse(error.line(), error.what());
    } catch (const library_error& error) {
      throw config_error(name_ + ": " + error.what());
    }
  }

  const YamlNode& map(const YamlNode& node, const char* of) const {
    if (node.kind != YamlNode::Kind::map) {
      refuse(node.line, fmt::format("a map of {} is wanted here; {{}} is an empty one", of));
    }
    return node;
  }

  void check_driver(const std::string& driver, std::size_t line) const {
    if (is_notification_driver(driver)) return;
    refuse(line, fmt::format("notifications have no driver \"{}\" to be routed to{}", driver,
                             suggestion(driver, notification_drivers())));
  }

  NotificationRoutes::Entry entry(const std::string& driver, const YamlNode& rules) const {
    static const std::vector<std::string> known{"accepted_events", "accepted_priorities"};
    NotificationRoutes::Entry made{driver};
    for (const auto& [key, patterns] : map(rules, "rules").members) {
      if (key == known[0]) {
        made.events = list(patterns, key);
      } else if (key == known[1]) {
        made.priorities = list(patterns, key);
      } else {
        refuse(patterns.line, fmt::format("there is no rule \"{}\", only accepted_events and "
                                          "accepted_priorities{}",
                                          key, suggestion(key, known)));
      }
    }
    return made;
  }

  Patterns list(const YamlNode& node, const std::string& key) const {
    if (node.kind != YamlNode::Kind::list) {
      refuse(node.line, fmt::format("{} wants a list of patterns: [compute.*, volume.*]", key));
    }
    Patterns patterns{std::in_place};
    for (const YamlNode& item : node.items) {
      if (item.kind != YamlNode::Kind::text) {
        refuse(item.line, fmt::format("a pattern of {} is text; quote it", key));
      }
      const bool is_priority = key == "accepted_priorities";
      patterns->emplace_back(is_priority ? in_lower_case(item.text) : item.text);
    }
    return patterns;
  }

  const std::string& name_;
};

NotificationRoutes NotificationRoutes::parse(std::string_view text, const std::string& name) {
  return RoutesReader{name}.read(text);
}

NotificationRoutes NotificationRoutes::from_file(const std::string& path) {
  if (path.empty())
    throw config_error("driver routing needs routing_config, the file with its rules");
  std::string text;
  try {
    text = thane::internal::read_file(path, largest_file);
  } catch (const std::system_error& error) {
    throw config_error(path + ": " + error.code().message());
  }
  return parse(text, path);
}

std::vector<std::string> NotificationRoutes::drivers_for(std::string_view event_type,
                                                         std::string_view priority) const {
  const auto accepts = [](const Patterns& patterns, std::string_view text) {
    return !patterns || std::ranges::any_of(*patterns, [text](const ShellPattern& pattern) {
      return pattern.matches(text);
    });
  };
  std::vector<std::string> drivers;
  for (const Entry& each : entries_) {
    const bool has_it = std::ranges::find(drivers, each.driver) != drivers.end();
    if (!has_it && accepts(each.events, event_type) && accepts(each.priorities, priority)) {
      drivers.push_back(each.driver);
    }
  }
  return drivers;
}

}  // namespace thane::rpc::internal
