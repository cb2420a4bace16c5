#include "swift_settings.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <thread>
#include <utility>

namespace thane::internal {

namespace {

// An option, Swift's word for it, and what it is where the file does not say.
struct Word {
  std::string_view swift;
  std::string_view option;
  std::string_view fallback = {};  // Empty: thane's default.
};

constexpr std::array words{
    Word{"bind_ip", "server.host", "0.0.0.0"},
    Word{"bind_port", "server.port"},
    Word{"backlog", "server.backlog", "4096"},
    Word{"bind_timeout", "server.bind_timeout"},
    Word{"keep_idle", "server.tcp_keepidle"},
    Word{"client_timeout", "server.client_socket_timeout", "60"},
    Word{"keepalive_timeout", "server.keep_alive_timeout"},
    Word{"max_clients", "server.wsgi_default_pool_size", "1024"},
    Word{"max_header_size", "server.max_header_line"},
    Word{"capture_stdio", "capture_stdio", "true"},
    Word{"log_file", "log_file"},
    Word{"debug", "debug"},
};

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

// "auto" is the number of CPUs; 0, which means no fork in Swift, is the one process that 1 is here.
std::string workers_from(const std::string& text, const std::string& origin) {
  if (lower(text) == "auto")
    return std::to_string(std::max(1U, std::thread::hardware_concurrency()));
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos) {
    throw config_error(origin + ": workers = " + text + ": Expected an integer or \"auto\"");
  }
  return text.find_first_not_of('0') == std::string::npos ? "1" : text;
}

// In Swift no time is no keep-alive; here it were no end.
bool is_zero(std::string_view number) {
  return number.find('0') != number.npos && number.find_first_not_of("0.") == number.npos;
}

std::string level_from(const std::string& text) {
  const std::string word = lower(text);
  return word == "warn" ? "warning" : word == "notice" ? "info" : word;
}

}  // namespace

std::vector<Config::Value> values_from(const wsgi::Settings& settings,
                                       const std::vector<OptGroup>& own,
                                       const std::string& origin) {
  std::vector<Config::Value> values;
  const auto add = [&](std::string_view option, std::string text, const std::string& from) {
    values.push_back({std::string{option}, std::move(text), from});
  };
  for (const OptGroup& group : own) {
    const bool server = group.name == server_group;
    for (const AnyOpt& option : group.options) {
      const auto text = settings.find(option.name());
      if (text) add((server ? "server." : "") + option.name(), std::string{*text}, origin);
    }
  }
  for (const Word& word : words) {
    const auto text = settings.find(word.swift);
    if (text) add(word.option, std::string{*text}, origin);
    const bool silent = std::ranges::none_of(
        values, [&](const Config::Value& value) { return value.name == word.option; });
    if (silent && !word.fallback.empty()) add(word.option, std::string{word.fallback}, "run_wsgi");
  }
  if (const auto text = settings.find("workers")) {
    add("workers", workers_from(std::string{*text}, origin), origin);
  }
  if (const auto text = settings.find("log_level")) {
    add("log_level", level_from(std::string{*text}), origin);
  }
  if (settings.contains("cert_file")) add("server.use_ssl", "true", origin);
  if (const auto text = settings.find("keepalive_timeout"); text && is_zero(*text)) {
    add("server.wsgi_keep_alive", "false", origin);
  }
  return values;
}

}  // namespace thane::internal
