#include <thane/log_options.hpp>

#include <array>
#include <exception>
#include <string>
#include <thane/config.hpp>

namespace thane::log {

namespace {

struct Word {
  const char* text;
  Level level;
};
constexpr std::array words{Word{"trace", Level::trace}, Word{"debug", Level::debug},
                           Word{"info", Level::info},   Word{"warning", Level::warning},
                           Word{"error", Level::error}, Word{"critical", Level::critical},
                           Word{"off", Level::off}};

Level level_from(std::string_view text) {
  for (const Word& word : words) {
    if (word.text == text) {
      return word.level;
    }
  }
  return Level::info;  // Not reached: the option accepts these words only.
}

void take_up(const Snapshot& values) {
  const bool debug = values.get<bool>("debug");
  set_level(debug ? Level::debug : level_from(values.get<std::string>("log_level")));
  set_format(values.get<std::string>("log_format") == "json" ? Format::json : Format::text);
  const std::string& file = values.get<std::string>("log_file");
  if (file.empty()) {
    to_stderr();
  } else {
    to_file(file);
  }
}

}  // namespace

void configure(const Config& config) noexcept {
  try {
    take_up(*config.snapshot());
  } catch (const std::exception& failure) {
    error("log_file not taken up, the log stays where it was: {}", failure.what());
  }
}

}  // namespace thane::log
