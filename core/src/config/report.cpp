#include "report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "command_line.hpp"
#include "substitution.hpp"
#include "value.hpp"

namespace thane::internal {

namespace {

// Calls `each` for every option, and `begin` before the first of each group.
template <class Begin, class Each>
void for_each_group(const OptRegistry& registry, Begin begin, Each each) {
  std::string_view group;
  for (const RegisteredOpt& option : registry.options()) {
    if (option.group != group) {
      group = option.group;
      begin(group);
    }
    each(option);
  }
}

std::string default_text(const RegisteredOpt& option) {
  const OptDefinition& opt = option.option;
  return opt.secrecy == Secrecy::secret ? "***" : to_text(opt.default_value);
}

// "at least 1", "1 to 64", "one of: a, b"; empty if all is allowed.
std::string limits_phrase(const OptDefinition& option) {
  if (!option.choices.empty()) {
    std::vector<std::string> names;
    std::transform(option.choices.begin(), option.choices.end(), std::back_inserter(names),
                   to_text);
    return fmt::format("one of: {}", fmt::join(names, ", "));
  }
  if (option.min && option.max) {
    return fmt::format("{} to {}", to_text(*option.min), to_text(*option.max));
  }
  if (option.min) {
    return fmt::format("at least {}", to_text(*option.min));
  }
  return option.max ? fmt::format("at most {}", to_text(*option.max)) : std::string{};
}

// What may be set and when it counts: "an integer, at least 1; changes at run time".
std::string type_text(const OptDefinition& option) {
  const std::string limits = limits_phrase(option);
  std::string text{type_phrase(option.default_value)};
  if (!option.choices.empty()) {
    text = limits;
  } else if (!limits.empty()) {
    text += ", " + limits;
  }
  if (option.change == Change::at_run_time) {
    text += "; changes at run time";
  }
  return text;
}

void append_flag(std::string& text, std::string_view flag, std::string_view explanation) {
  constexpr std::size_t column = 32;
  std::string line = fmt::format("  {}", flag);
  line += line.size() + 2 > column ? "\n" + std::string(column, ' ')
                                   : std::string(column - line.size(), ' ');
  text += fmt::format("{}{}\n", line, explanation);
}

// A line break within a value goes on in an indented line.
std::string in_file(std::string_view value, std::string_view margin) {
  std::string text;
  for (const char c : value) {
    text += c;
    if (c == '\n') {
      text += fmt::format("{}    ", margin);
    }
  }
  return text;
}

std::string assignment(std::string_view name, std::string_view value, std::string_view margin) {
  const std::string text = in_file(value, margin);
  return fmt::format("{}{} ={}{}\n", margin, name, text.empty() ? "" : " ", text);
}

std::string in_table(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '|') {
      result += "\\|";
    } else {
      result += c == '\n' ? ' ' : c;
    }
  }
  return result;
}

}  // namespace

std::string help_text(const OptRegistry& registry, std::string_view program) {
  std::string text = fmt::format("usage: {} [--OPTION VALUE]...\n\n", program);
  for (const ActionFlag& action : action_flags()) {
    append_flag(text, fmt::format("--{}", action.name), action.help);
  }
  const auto begin = [&](std::string_view group) { text += fmt::format("\n[{}]\n", group); };
  for_each_group(registry, begin, [&](const RegisteredOpt& option) {
    const OptDefinition& opt = option.option;
    const bool boolean = std::holds_alternative<bool>(opt.default_value);
    const std::string shown = default_text(option);
    append_flag(text,
                boolean ? fmt::format("{}, {}", option.flag, option.negative_flag)
                        : fmt::format("{} VALUE", option.flag),
                fmt::format("{}{}({}; default: {})", opt.help, opt.help.empty() ? "" : " ",
                            type_text(opt), shown.empty() ? "none" : shown));
  });
  return text;
}

std::string dump_text(const OptRegistry& registry, const std::vector<Snapshot::Entry>& entries) {
  std::string text;
  auto entry = entries.begin();
  const auto begin = [&](std::string_view group) {
    text += fmt::format("{}[{}]\n", text.empty() ? "" : "\n", group);
  };
  for_each_group(registry, begin, [&](const RegisteredOpt& option) {
    // A file that names files is refused; those two are shown as comments.
    const std::string_view margin = names_files(option) ? "# " : "";
    text += fmt::format("# {}\n", entry->origin);
    text += assignment(option.option.name, escape_dollars(entry->text), margin);
    ++entry;
  });
  return text;
}

std::string sample_text(const OptRegistry& registry) {
  std::string text;
  const auto begin = [&](std::string_view group) {
    text += fmt::format("{}[{}]\n", text.empty() ? "" : "\n", group);
  };
  for_each_group(registry, begin, [&](const RegisteredOpt& option) {
    if (names_files(option)) {
      return;
    }
    const OptDefinition& opt = option.option;
    text += opt.help.empty() ? "\n" : fmt::format("\n# {}\n", in_file(opt.help, "# "));
    text += fmt::format("# ({})\n", type_text(opt));
    // Not escaped: a default may refer to other options, and goes on doing so.
    text +=
        assignment(opt.name, opt.secrecy == Secrecy::secret ? "" : to_text(opt.default_value), "#");
  });
  return text;
}

std::string markdown_text(const OptRegistry& registry) {
  std::string text;
  const auto begin = [&](std::string_view group) {
    text += fmt::format("{}### [{}]\n\n| option | default | value | meaning |\n|---|---|---|---|\n",
                        text.empty() ? "" : "\n", group);
  };
  for_each_group(registry, begin, [&](const RegisteredOpt& option) {
    const std::string shown = default_text(option);
    text += fmt::format("| `{}` | {} | {} | {} |\n", option.option.name,
                        shown.empty() ? "" : fmt::format("`{}`", in_table(shown)),
                        in_table(type_text(option.option)), in_table(option.option.help));
  });
  return text;
}

}  // namespace thane::internal
