#include "value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>

#include "duration_text.hpp"

namespace thane::internal {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Strings = std::vector<std::string>;

namespace {

constexpr std::string_view blanks = " \t\r\n\f\v";

std::optional<bool> bool_from(std::string_view text) {
  std::string lower{text};
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr std::array yes{"true", "yes", "on", "1"};
  constexpr std::array no{"false", "no", "off", "0"};
  if (std::find(yes.begin(), yes.end(), lower) != yes.end()) {
    return true;
  }
  if (std::find(no.begin(), no.end(), lower) != no.end()) {
    return false;
  }
  return std::nullopt;
}

template <class Number>
ParsedValue number_from(std::string_view text, std::string_view phrase) {
  const bool plus = text.starts_with('+');  // from_chars takes a minus only.
  const std::string_view digits = plus ? text.substr(1) : text;
  Number number{};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error == std::errc::result_out_of_range) {
    return {{}, fmt::format("{} does not fit", in_quotes(text))};
  }
  if (error != std::errc{} || end != digits.data() + digits.size() ||
      (plus && digits.starts_with('-'))) {
    return {{}, fmt::format("{} is not {}", in_quotes(text), phrase)};
  }
  if constexpr (std::is_same_v<Number, double>) {
    if (!std::isfinite(number)) {  // from_chars reads "nan" and "inf"; no limit would hold them.
      return {{}, fmt::format("{} is not {}", in_quotes(text), phrase)};
    }
  }
  return {number, {}};
}

Strings list_from(const Strings& texts) {
  Strings elements;
  for (const std::string& text : texts) {
    std::size_t begin = 0;
    while (begin <= text.size()) {
      const std::size_t end = std::min(text.find_first_of(",\n", begin), text.size());
      const auto element = strip(std::string_view{text}.substr(begin, end - begin));
      if (!element.empty()) {
        elements.emplace_back(element);
      }
      begin = end + 1;
    }
  }
  return elements;
}

template <class Unit>
ParsedValue duration_from(std::string_view text) {
  const auto parsed = parse_duration(text);
  if (!parsed.error.empty()) {
    return {{}, fmt::format("{} {}", in_quotes(text), parsed.error)};
  }
  const auto value = std::chrono::duration_cast<Unit>(parsed.value);
  if (value != parsed.value) {
    return {{},
            fmt::format("{} is not a whole number of {}", in_quotes(text),
                        std::is_same_v<Unit, seconds> ? "seconds" : "milliseconds")};
  }
  return {value, {}};
}

// One for each alternative of OptValue.
struct Reader {
  const Strings& texts;

  ParsedValue operator()(bool) const {
    const auto value = bool_from(texts.back());
    return value ? ParsedValue{*value, {}}
                 : ParsedValue{{}, fmt::format("{} is not true or false", in_quotes(texts.back()))};
  }
  ParsedValue operator()(int) const { return number_from<int>(texts.back(), "an integer"); }
  ParsedValue operator()(std::int64_t) const {
    return number_from<std::int64_t>(texts.back(), "an integer");
  }
  ParsedValue operator()(double) const { return number_from<double>(texts.back(), "a number"); }
  ParsedValue operator()(const std::string&) const { return {texts.back(), {}}; }
  ParsedValue operator()(seconds) const { return duration_from<seconds>(texts.back()); }
  ParsedValue operator()(milliseconds) const { return duration_from<milliseconds>(texts.back()); }
  ParsedValue operator()(const Strings&) const { return {list_from(texts), {}}; }
};

struct Writer {
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(const std::string& value) const { return value; }
  std::string operator()(seconds value) const { return duration_text(value); }
  std::string operator()(milliseconds value) const { return duration_text(value); }
  std::string operator()(const Strings& value) const {
    return fmt::format("{}", fmt::join(value, ", "));
  }
  template <class Number>
  std::string operator()(Number value) const {
    return fmt::format("{}", value);
  }
};

bool is_text(const OptValue& value) {
  return std::holds_alternative<std::string>(value) || std::holds_alternative<Strings>(value);
}

}  // namespace

ParsedValue parse_value(const OptDefinition& option, const std::vector<std::string>& texts) {
  if (!is_text(option.default_value) && texts.back().empty()) {
    return {{},
            fmt::format("the value is empty; {} is expected", type_phrase(option.default_value))};
  }
  ParsedValue result = std::visit(Reader{texts}, option.default_value);
  if (result.error.empty()) {
    result.error = check_limits(option, result.value);
  }
  if (!result.error.empty() && option.secrecy == Secrecy::secret) {
    result.error =
        fmt::format("the (secret) value is not accepted; {} within its limits is expected",
                    type_phrase(option.default_value));
  }
  return result;
}

std::string check_limits(const OptDefinition& option, const OptValue& value) {
  const auto shown = [](const OptValue& it) {
    return is_text(it) ? in_quotes(to_text(it)) : to_text(it);
  };
  if (option.min && value < *option.min) {
    return fmt::format("{} is below the minimum of {}", shown(value), shown(*option.min));
  }
  if (option.max && value > *option.max) {
    return fmt::format("{} is above the maximum of {}", shown(value), shown(*option.max));
  }
  const auto& choices = option.choices;
  if (!choices.empty() && std::find(choices.begin(), choices.end(), value) == choices.end()) {
    std::vector<std::string> names;
    std::transform(choices.begin(), choices.end(), std::back_inserter(names), to_text);
    return fmt::format("{} is not one of: {}", shown(value), fmt::join(names, ", "));
  }
  return {};
}

std::string to_text(const OptValue& value) {
  return std::visit(Writer{}, value);
}

std::string_view type_phrase(const OptValue& value) {
  constexpr std::array<std::string_view, std::variant_size_v<OptValue>> phrases{
      "true or false", "an integer",    "an integer", "a number",
      "text",          "whole seconds", "a duration", "a list"};
  return phrases[value.index()];
}

std::string_view strip(std::string_view text) {
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

}  // namespace thane::internal
