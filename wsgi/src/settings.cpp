#include <thane/wsgi/settings.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>
#include <thane/internal/in_quotes.hpp>

#include "characters.hpp"
#include "paste/unicode_text.hpp"

namespace thane::wsgi {

namespace {

[[noreturn]] void refuse(std::string_view key, std::string_view value, std::string_view wanted) {
  throw std::invalid_argument(
      fmt::format("{} = {} is not {}", key, thane::internal::in_quotes(value), wanted));
}

}  // namespace

Settings::Settings(std::initializer_list<Entry> entries) {
  for (const auto& [key, value] : entries) {
    set(key, value);
  }
}

std::optional<std::string_view> Settings::find(std::string_view key) const {
  const auto place = places_.find(key);
  if (place == places_.end()) {
    return std::nullopt;
  }
  return entries_[place->second].second;
}

std::string Settings::get(std::string_view key) const {
  const auto value = find(key);
  if (!value) {
    throw std::invalid_argument(fmt::format("the key {} is missing; it has no default", key));
  }
  return std::string{*value};
}

std::string Settings::get(std::string_view key, std::string_view fallback) const {
  return std::string{find(key).value_or(fallback)};
}

bool Settings::get_boolean(std::string_view key, bool fallback) const {
  const auto value = find(key);
  if (!value) {
    return fallback;
  }
  const auto is_one_of = [word = internal::strip_space(*value)](const auto& words) {
    return std::ranges::any_of(
        words, [&](std::string_view known) { return internal::equals_lower(word, known); });
  };
  static constexpr std::array<std::string_view, 6> yes{"true", "yes", "on", "y", "t", "1"};
  static constexpr std::array<std::string_view, 6> no{"false", "no", "off", "n", "f", "0"};
  if (!is_one_of(yes) && !is_one_of(no)) {
    refuse(key, *value, "true or false");
  }
  return is_one_of(yes);
}

std::int64_t Settings::get_integer(std::string_view key, std::int64_t fallback) const {
  const auto value = find(key);
  if (!value) {
    return fallback;
  }
  std::string_view digits = internal::strip_space(*value);
  if (digits.starts_with('+') && !digits.starts_with("+-")) {
    digits.remove_prefix(1);
  }
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size()) {
    refuse(key, *value, "a whole number");
  }
  return number;
}

std::vector<std::string> Settings::get_words(std::string_view key) const {
  const auto words = internal::split_words(find(key).value_or(""));
  return {words.begin(), words.end()};
}

void Settings::set(std::string_view key, std::string_view value) {
  const auto [place, added] = places_.try_emplace(std::string{key}, entries_.size());
  if (added) {
    entries_.emplace_back(key, value);
  } else {
    entries_[place->second].second = value;
  }
}

void Settings::update(const Settings& other) {
  for (const auto& [key, value] : other) {
    set(key, value);
  }
}

std::optional<std::string> Settings::take(std::string_view key) {
  const auto place = places_.find(key);
  if (place == places_.end()) {
    return std::nullopt;
  }
  const std::size_t index = place->second;
  std::string value = std::move(entries_[index].second);
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(index));
  places_.erase(place);
  for (auto& [name, other] : places_) {
    other -= other > index ? 1 : 0;
  }
  return value;
}

}  // namespace thane::wsgi
