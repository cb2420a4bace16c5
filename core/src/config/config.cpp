#include <thane/config.hpp>

#include <filesystem>
#include <thane/assert.hpp>
#include <thane/log.hpp>
#include <utility>

#include "config_state.hpp"
#include "core_options.hpp"
#include "registry.hpp"
#include "resolver.hpp"
#include "value.hpp"

namespace thane {

namespace internal {

std::shared_ptr<const OptRegistry> make_registry(std::vector<OptGroup> groups) {
  groups.push_back(core_options());
  return std::make_shared<const OptRegistry>(groups);
}

}  // namespace internal

void Config::State::warn(const internal::Warnings& warnings) {
  const std::lock_guard lock{mutex};
  for (const std::string& warning : warnings) {
    if (warned.insert(warning).second) {
      log::warning("{}", warning);
    }
  }
}

Config::Config(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}

Config Config::parse(const std::vector<std::string>& arguments, const std::vector<OptGroup>& groups,
                     const std::vector<std::string>& environment, Source own) {
  auto registry = internal::make_registry(groups);
  auto command_line = internal::parse_command_line(*registry, arguments);
  internal::Sources sources{std::move(registry), std::move(command_line), environment,
                            std::filesystem::current_path(), std::move(own)};
  const auto loaded = internal::load_sources(sources);
  auto state = std::make_shared<State>(std::move(sources), loaded.snapshot);
  state->warn(loaded.warnings);
  return Config{std::move(state)};
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
  state_->current.swap(snapshot);  // The old one goes after the lock does: it may be the last use.
}

std::vector<Config::Change> Config::mutate(const std::shared_ptr<const Snapshot>& wanted) {
  THANE_ASSERT(wanted != nullptr && wanted->registry_ == state_->sources.registry);
  const auto current = snapshot();
  const auto& options = state_->sources.registry->options();
  internal::Resolved next = *current->resolved_;
  const internal::Resolved& other = *wanted->resolved_;
  std::vector<Change> changes;
  for (std::size_t index = 0; index < options.size(); ++index) {
    const internal::OptDefinition& option = options[index].option;
    if (next.values[index] == other.values[index]) {
      continue;
    }
    const bool applied = option.change == thane::Change::at_run_time;
    const bool secret = option.secrecy == Secrecy::secret;
    changes.push_back({options[index].name, secret ? "***" : internal::to_text(next.values[index]),
                       secret ? "***" : internal::to_text(other.values[index]), applied});
    if (applied) {
      next.values[index] = other.values[index];
      next.origins[index] = other.origins[index];
    }
  }
  install(std::make_shared<const Snapshot>(
      state_->sources.registry, std::make_unique<const internal::Resolved>(std::move(next))));
  for (const Change& change : changes) {
    if (!change.applied) {
      log::warning("{} is {} until the next start: it cannot change to {} at run time", change.name,
                   internal::in_quotes(change.from), internal::in_quotes(change.to));
    }
  }
  return changes;
}

}  // namespace thane
