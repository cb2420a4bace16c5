#include "command_line.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <boost/program_options/errors.hpp>
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <stdexcept>
#include <thane/internal/suggestion.hpp>

#include "value.hpp"

namespace thane::internal {

namespace po = boost::program_options;

namespace {

// All spellings of an option are one to the parser: --web.pool_size is --web-pool-size.
std::string canonical(const std::string& argument) {
  if (!argument.starts_with("--")) {
    return argument;
  }
  std::string result = argument;
  const auto end =
      result.begin() + static_cast<std::ptrdiff_t>(std::min(result.find('='), result.size()));
  std::replace(result.begin(), end, '_', '-');
  std::replace(result.begin(), end, '.', '-');
  return result;
}

po::options_description describe(const OptRegistry& registry) {
  po::options_description description;
  for (const ActionFlag& action : action_flags()) {
    const std::string name{action.name};
    if (registry.find_flag(name)) {
      throw std::logic_error(fmt::format("option --{} is core's own", name));
    }
    description.add_options()(name.c_str(), po::bool_switch());
  }
  for (const auto& [name, option] : registry.flag_names()) {
    const auto& type = registry.options()[option.index].option.default_value;
    auto* const value = po::value<std::string>();
    if (std::holds_alternative<bool>(type)) {
      value->implicit_value("true");  // So that --debug needs none, and --debug=false is allowed.
    }
    description.add_options()(name.c_str(), value);
  }
  for (const auto& [name, option] : registry.negative_flag_names()) {
    description.add_options()(name.c_str(), po::bool_switch());
  }
  return description;
}

std::vector<std::string> known_flags(const OptRegistry& registry) {
  std::vector<std::string> flags = registry.flags();
  for (const ActionFlag& action : action_flags()) {
    flags.emplace_back(action.name);
  }
  return flags;
}

std::vector<po::option> split(const OptRegistry& registry, std::vector<std::string> arguments) {
  std::transform(arguments.begin(), arguments.end(), arguments.begin(), canonical);
  constexpr auto style = po::command_line_style::allow_long |
                         po::command_line_style::long_allow_adjacent |
                         po::command_line_style::long_allow_next;
  const po::options_description description = describe(registry);
  try {
    return po::command_line_parser(arguments)
        .options(description)
        .style(style)
        .allow_unregistered()
        .run()
        .options;
  } catch (const po::invalid_command_line_syntax& error) {
    const std::string option = error.get_option_name();
    if (error.kind() == po::invalid_command_line_syntax::missing_parameter ||
        error.kind() == po::invalid_command_line_syntax::empty_adjacent_parameter) {
      throw command_line_error(option + ": a value is missing");
    }
    if (error.kind() == po::invalid_command_line_syntax::extra_parameter) {
      throw command_line_error(option + ": takes no value");
    }
    throw command_line_error(error.what());
  } catch (const po::error& error) {
    throw command_line_error(error.what());
  }
}

Action action_from(const std::string& flag) {
  for (const ActionFlag& action : action_flags()) {
    if (flag == action.name) {
      return action.action;
    }
  }
  return Action::none;
}

void take(const OptRegistry& registry, const po::option& parsed, CommandLine& result) {
  const std::string& flag = parsed.string_key;
  if (parsed.position_key >= 0) {
    throw command_line_error(
        fmt::format("{}: arguments are not taken, only options", in_quotes(parsed.value.front())));
  }
  if (parsed.unregistered) {
    const std::string meant = nearest(flag, known_flags(registry));
    throw command_line_error(fmt::format(
        "--{}: unknown option; {}", flag,
        meant.empty() ? "--help lists all options" : fmt::format("did you mean --{}?", meant)));
  }
  if (const Action action = action_from(flag); action != Action::none) {
    result.action = action;
    return;
  }
  auto option = registry.find_flag(flag);
  std::string text = parsed.value.empty() ? "true" : parsed.value.front();
  if (!option) {
    option = registry.find_negative_flag(flag);
    text = "false";
  }
  const std::string where = "--" + flag;
  if (option->deprecated) {
    result.warnings.push_back(
        fmt::format("{}: is deprecated; use {}", where, registry.options()[option->index].flag));
  }
  result.layer.push_back({*option, std::string{strip(text)}, "command line", where});
}

}  // namespace

const std::vector<ActionFlag>& action_flags() {
  static const std::vector<ActionFlag> flags{
      {Action::help, "help", "Print this text and exit."},
      {Action::version, "version", "Print the version and exit."},
      {Action::check_config, "check-config", "Validate the configuration and exit."},
      {Action::dump_config, "dump-config", "Print all values and where each is from, and exit."},
      {Action::sample_config, "sample-config", "Print a commented configuration file and exit."},
      {Action::options_markdown, "options-markdown", "Print a table of all options and exit."},
  };
  return flags;
}

CommandLine parse_command_line(const OptRegistry& registry,
                               const std::vector<std::string>& arguments) {
  CommandLine result;
  for (const po::option& parsed : split(registry, arguments)) {
    take(registry, parsed, result);
  }
  return result;
}

}  // namespace thane::internal
