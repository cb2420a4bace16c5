// The edge at which configuration errors end the process, and the flags that print and exit.
#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thane/config.hpp>
#include <thane/internal/start_failure.hpp>
#include <thane/log_options.hpp>
#include <utility>

#include "config_state.hpp"
#include "environment_source.hpp"
#include "report.hpp"

namespace thane {

using internal::Action;

namespace {

constexpr int status_ok = 0;
constexpr int status_command_line = 2;
constexpr int status_configuration = 78;  // EX_CONFIG of <sysexits.h>.

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

[[noreturn]] void print_and_exit(const std::string& text) {
  const bool printed = std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  std::exit(printed ? status_ok : EXIT_FAILURE);
}

[[noreturn]] void fail(const std::exception& error, int status) {
  std::fprintf(stderr, "%s\n", error.what());
  std::exit(status);
}

// The actions that need no values, so that they work however broken the files are.
void act_on_options(Action action, const internal::OptRegistry& registry,
                    std::string_view program) {
  switch (action) {
    case Action::help:
      print_and_exit(internal::help_text(registry, program));
    case Action::version:
      print_and_exit(fmt::format("{} (thane {})\n", program, THANE_VERSION));
    case Action::sample_config:
      print_and_exit(internal::sample_text(registry));
    case Action::options_markdown:
      print_and_exit(internal::markdown_text(registry));
    case Action::none:
    case Action::check_config:
    case Action::dump_config:
      break;
  }
}

// What a check throws that is no config_error is about the configuration all the same.
void check(const Config& config, const std::vector<OptGroup>& groups) {
  for (const OptGroup& group : groups) {
    try {
      if (group.check) group.check(config);
    } catch (const std::exception& error) {
      fail(error, status_configuration);
    }
  }
}

void act_on_values(Action action, const internal::OptRegistry& registry, const Config& config,
                   const std::vector<OptGroup>& groups) {
  if (action == Action::check_config) {
    check(config, groups);
    print_and_exit("configuration ok\n");
  }
  if (action == Action::dump_config) {
    print_and_exit(internal::dump_text(registry, config.snapshot()->entries()));
  }
}

}  // namespace

Config Config::from_command_line(int argc, const char* const* argv,
                                 const std::vector<OptGroup>& groups, Source own) {
  const auto registry = internal::make_registry(groups);
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  try {
    const auto command_line = internal::parse_command_line(*registry, arguments);
    const Action action = command_line.action;
    act_on_options(action, *registry, base_name(argc > 0 ? argv[0] : ""));
    internal::Sources sources{registry, command_line, internal::process_environment(),
                              std::filesystem::current_path(), std::move(own)};
    const auto loaded = internal::load_sources(sources);
    const auto state = std::make_shared<State>(std::move(sources), loaded.snapshot);
    Config config{state};
    if (action == Action::none) {  // A mere check must not create the log file.
      log::configure(config);
    }
    state->warn(loaded.warnings);  // Not before: they belong into the log that was asked for.
    act_on_values(action, *registry, config, groups);
    internal::report_start_failures();
    return config;
  } catch (const internal::command_line_error& error) {
    fail(error, status_command_line);
  } catch (const config_error& error) {
    fail(error, status_configuration);
  }
}

}  // namespace thane
