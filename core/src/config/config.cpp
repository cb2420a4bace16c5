#include <thane/config.hpp>

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <set>
#include <thane/assert.hpp>
#include <utility>

#include "environment_source.hpp"
#include "loader.hpp"
#include "value.hpp"

namespace thane {

namespace {

constexpr int status_ok = 0;
constexpr int status_command_line = 2;
constexpr int status_configuration = 78;  // EX_CONFIG of <sysexits.h>.

std::shared_ptr<const internal::OptRegistry> make_registry(std::vector<OptGroup> groups) {
  for (OptGroup& group : internal::core_groups()) {
    groups.push_back(std::move(group));
  }
  return std::make_shared<const internal::OptRegistry>(groups);
}

}  // namespace

struct Config::State {
  internal::Sources sources;
  mutable std::mutex mutex;  // Guards what follows.
  std::shared_ptr<const Snapshot> current;
  std::set<std::string, std::less<>> warned;  // Each warning is said once, not at each reload.

  void warn(const internal::Warnings& warnings) {
    const std::lock_guard lock{mutex};
    for (const std::string& warning : warnings) {
      if (warned.insert(warning).second) {
        std::fprintf(stderr, "%s\n", warning.c_str());
      }
    }
  }
};

Config::Config(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}

Config Config::parse(const std::vector<std::string>& arguments, const std::vector<OptGroup>& groups,
                     const std::vector<std::string>& environment) {
  auto registry = make_registry(groups);
  auto state = std::make_shared<State>();
  state->sources = {registry, internal::parse_command_line(*registry, arguments), environment,
                    std::filesystem::current_path()};
  auto loaded = internal::load_sources(state->sources);
  state->warn(loaded.warnings);
  state->current = std::move(loaded.snapshot);
  return Config{std::move(state)};
}

Config Config::from_command_line(int argc, const char* const* argv,
                                 const std::vector<OptGroup>& groups) {
  try {
    return parse({argv + (argc > 0 ? 1 : 0), argv + argc}, groups, internal::process_environment());
  } catch (const internal::command_line_error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    std::exit(status_command_line);
  } catch (const config_error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    std::exit(status_configuration);
  }
}

std::shared_ptr<const Snapshot> Config::snapshot() const noexcept {
  const std::lock_guard lock{state_->mutex};
  return state_->current;
}

std::shared_ptr<const Snapshot> Config::load() const {
  auto loaded = internal::load_sources(state_->sources);
  state_->warn(loaded.warnings);
  return std::move(loaded.snapshot);
}

void Config::install(std::shared_ptr<const Snapshot> snapshot) {
  THANE_ASSERT(snapshot != nullptr && snapshot->registry_ == state_->sources.registry);
  const std::lock_guard lock{state_->mutex};
  state_->current.swap(snapshot);  // The old one goes when the lock has been released.
}

std::vector<Config::Change> Config::mutate(const std::shared_ptr<const Snapshot>& wanted) {
  THANE_ASSERT(wanted != nullptr && wanted->registry_ == state_->sources.registry);
  const auto current = snapshot();
  const auto& options = state_->sources.registry->options();
  std::vector<OptValue> values = current->values_;
  std::vector<std::string> origins = current->origins_;
  std::vector<Change> changes;
  for (std::size_t index = 0; index < options.size(); ++index) {
    const internal::RegisteredOpt& option = options[index];
    const bool applied = option.option.change == thane::Change::at_run_time;
    if (applied) {
      values[index] = wanted->values_[index];
      origins[index] = wanted->origins_[index];
    }
    if (current->values_[index] != wanted->values_[index]) {
      const bool secret = option.option.secrecy == Secrecy::secret;
      changes.push_back({option.name, secret ? "***" : internal::to_text(current->values_[index]),
                         secret ? "***" : internal::to_text(wanted->values_[index]), applied});
    }
  }
  install(std::make_shared<const Snapshot>(state_->sources.registry, std::move(values),
                                           std::move(origins)));
  return changes;
}

}  // namespace thane
