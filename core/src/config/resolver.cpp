#include "resolver.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <thane/assert.hpp>
#include <thane/config.hpp>

#include "command_line.hpp"
#include "substitution.hpp"
#include "value.hpp"

namespace thane::internal {

namespace {

class Resolver {
 public:
  Resolver(const OptRegistry& registry, const std::vector<Layer>& layers)
      : registry_(registry), slots_(registry.options().size()) {
    for (std::size_t index = 0; index < slots_.size(); ++index) {
      const RegisteredOpt& option = registry.options()[index];
      slots_[index].origin = "default";
      slots_[index].where = fmt::format("the default of {}", option.name);
    }
    for (const Layer& layer : layers) {
      take(layer);
    }
  }

  Resolved resolve() {
    Resolved result;
    for (std::size_t index = 0; index < slots_.size(); ++index) {
      result.values.push_back(value_of(index));
      result.origins.push_back(slots_[index].origin);
    }
    return result;
  }

 private:
  // What is known of one option.
  struct Slot {
    std::vector<std::string> texts;  // Empty: the default counts.
    std::string origin;
    std::string where;
    std::size_t layer = 0;
    std::optional<OptValue> value;
    bool resolving = false;
  };

  void take(const Layer& layer) {
    ++layers_;
    for (const Assignment& assignment : layer) {
      const std::size_t index = assignment.option.index;
      Slot& slot = slots_[index];
      const auto& type = registry_.options()[index].option.default_value;
      if (slot.layer != layers_ || !std::holds_alternative<std::vector<std::string>>(type)) {
        slot.texts.clear();
      }
      slot.layer = layers_;
      slot.texts.push_back(assignment.text);
      slot.origin = assignment.origin;
      slot.where = assignment.where;
    }
  }

  const OptValue& value_of(std::size_t index) {
    Slot& slot = slots_[index];
    if (slot.value) {
      return *slot.value;
    }
    const OptDefinition& option = registry_.options()[index].option;
    if (slot.texts.empty() && !std::holds_alternative<std::string>(option.default_value)) {
      slot.value = option.default_value;
      return *slot.value;
    }
    std::vector<std::string> texts = slot.texts;
    if (texts.empty()) {
      texts.push_back(to_text(option.default_value));
    }
    slot.resolving = true;
    path_.push_back(index);
    for (std::string& text : texts) {
      text = replaced(slot, registry_.options()[index].group, text);
    }
    path_.pop_back();
    slot.resolving = false;
    ParsedValue parsed = parse_value(option, texts);
    if (!parsed.error.empty()) {
      fail(slot, parsed.error);
    }
    slot.value = std::move(parsed.value);
    return *slot.value;
  }

  std::string replaced(const Slot& slot, const std::string& group, const std::string& text) {
    auto result = substitute(text, [&](const std::string& name) -> std::optional<std::string> {
      // A bare name is one of the same section, or else of [DEFAULT].
      auto index = registry_.find(full_name(group, name));
      if (!index || name.find('.') != name.npos) {
        index = registry_.find(name);
      }
      if (!index) {
        return std::nullopt;
      }
      if (slots_[*index].resolving) {
        fail(slot, fmt::format("the references go in a circle: {}", circle(*index)));
      }
      return to_text(value_of(*index));
    });
    if (!result.error.empty()) {
      fail(slot, result.error);
    }
    return std::move(result.text);
  }

  std::string circle(std::size_t last) const {
    std::vector<std::string> names;
    for (auto it = std::find(path_.begin(), path_.end(), last); it != path_.end(); ++it) {
      names.push_back(registry_.options()[*it].name);
    }
    names.push_back(registry_.options()[last].name);
    return fmt::format("{}", fmt::join(names, " -> "));
  }

  [[noreturn]] static void fail(const Slot& slot, const std::string& what) {
    const std::string message = fmt::format("{}: {}", slot.where, what);
    if (slot.where.starts_with("--")) {
      throw command_line_error(message);
    }
    throw config_error(message);
  }

  const OptRegistry& registry_;
  std::vector<Slot> slots_;
  std::size_t layers_ = 0;
  std::vector<std::size_t> path_;  // Options being resolved, each referred to by the one before.
};

}  // namespace

Resolved resolve(const OptRegistry& registry, const std::vector<Layer>& layers) {
  return Resolver{registry, layers}.resolve();
}

}  // namespace thane::internal
