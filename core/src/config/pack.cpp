// The values of a snapshot on their way from one process to another.
#include <nlohmann/json.hpp>

#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

#include <thane/config.hpp>

#include "config_state.hpp"
#include "registry.hpp"
#include "resolver.hpp"

// CBOR and not JSON text, as a value may hold octets that are not UTF-8.

namespace thane {

namespace {

using internal::OptValue;
using nlohmann::json;

template <class Unit>
concept IsDuration = requires {
  typename Unit::rep;
};

struct ToJson {
  template <class T>
  json operator()(const T& value) const {
    if constexpr (IsDuration<T>) {
      return value.count();
    } else {
      return value;
    }
  }
};

// A value of the same type as `like`.
OptValue from_json(const json& from, const OptValue& like) {
  return std::visit(
      [&]<class T>(const T&) -> OptValue {
        if constexpr (IsDuration<T>) {
          return T{from.get<typename T::rep>()};
        } else {
          return from.get<T>();
        }
      },
      like);
}

}  // namespace

std::string Config::pack(const Snapshot& snapshot) const {
  json all = json::array();
  const internal::Resolved& resolved = *snapshot.resolved_;
  for (std::size_t index = 0; index < resolved.values.size(); ++index) {
    all.push_back({std::visit(ToJson{}, resolved.values[index]), resolved.origins[index]});
  }
  std::string octets;
  json::to_cbor(all, octets);
  return octets;
}

std::shared_ptr<const Snapshot> Config::unpack(std::string_view octets) const {
  try {
    const json all = json::from_cbor(octets);
    const auto current = snapshot();
    internal::Resolved resolved = *current->resolved_;
    if (all.size() != resolved.values.size()) {
      throw std::runtime_error("another number of options");
    }
    for (std::size_t index = 0; index < all.size(); ++index) {
      resolved.values[index] = from_json(all.at(index).at(0), resolved.values[index]);
      resolved.origins[index] = all.at(index).at(1).get<std::string>();
    }
    return std::make_shared<const Snapshot>(
        state_->sources.registry, std::make_unique<const internal::Resolved>(std::move(resolved)));
  } catch (const std::exception& error) {
    throw std::runtime_error(std::string{"not a packed configuration: "} + error.what());
  }
}

}  // namespace thane
