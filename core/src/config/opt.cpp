#include <thane/opt.hpp>

#include "opt_definition.hpp"

namespace thane {

template <class T>
AnyOpt::AnyOpt(const Opt<T>& option) {
  internal::OptDefinition definition{option.name,   option.default_value, option.help,
                                     option.min,    option.max,           {},
                                     option.change, option.secrecy,       option.deprecated_name};
  for (const auto& choice : option.choices) {
    definition.choices.emplace_back(std::in_place_type<T>, choice);
  }
  definition_ = std::make_shared<const internal::OptDefinition>(std::move(definition));
}

template AnyOpt::AnyOpt(const Opt<bool>&);
template AnyOpt::AnyOpt(const Opt<int>&);
template AnyOpt::AnyOpt(const Opt<std::int64_t>&);
template AnyOpt::AnyOpt(const Opt<double>&);
template AnyOpt::AnyOpt(const Opt<std::string>&);
template AnyOpt::AnyOpt(const Opt<std::chrono::seconds>&);
template AnyOpt::AnyOpt(const Opt<std::chrono::milliseconds>&);
template AnyOpt::AnyOpt(const Opt<std::vector<std::string>>&);

const std::string& AnyOpt::name() const noexcept {
  return definition_->name;
}

}  // namespace thane
