#include <thane/snapshot.hpp>

#include <fmt/core.h>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include "registry.hpp"
#include "resolver.hpp"
#include "value.hpp"

namespace thane {

using internal::OptValue;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

[[noreturn]] void fail_type(std::string_view name, const OptValue& value) {
  throw std::invalid_argument(fmt::format("option {} is read as a wrong type; it is {}", name,
                                          internal::type_phrase(value)));
}

template <class T>
struct Extract {
  std::string_view name;

  Snapshot::Result<T> from(const OptValue& value) const {
    if (const T* result = std::get_if<T>(&value)) {
      return *result;
    }
    fail_type(name, value);
  }
};

template <class Unit>
struct ExtractDuration {
  std::string_view name;

  Unit from(const OptValue& value) const {
    if (const auto* whole = std::get_if<seconds>(&value)) {
      return *whole;
    }
    if constexpr (!std::is_same_v<Unit, seconds>) {
      if (const auto* fine = std::get_if<milliseconds>(&value)) {
        return *fine;
      }
    }
    fail_type(name, value);
  }
};

template <>
struct Extract<seconds> : ExtractDuration<seconds> {};
template <>
struct Extract<milliseconds> : ExtractDuration<milliseconds> {};
template <>
struct Extract<Duration> : ExtractDuration<Duration> {};

}  // namespace

Snapshot::Snapshot(std::shared_ptr<const internal::OptRegistry> registry,
                   std::unique_ptr<const internal::Resolved> resolved)
    : registry_(std::move(registry)), resolved_(std::move(resolved)) {}

Snapshot::~Snapshot() = default;

template <class T>
Snapshot::Result<T> Snapshot::get(std::string_view name) const {
  const auto index = registry_->find(name);
  if (!index) {
    throw std::out_of_range(fmt::format("option {} is not registered", name));
  }
  return Extract<T>{name}.from(resolved_->values[*index]);
}

template bool Snapshot::get<bool>(std::string_view) const;
template int Snapshot::get<int>(std::string_view) const;
template std::int64_t Snapshot::get<std::int64_t>(std::string_view) const;
template double Snapshot::get<double>(std::string_view) const;
template const std::string& Snapshot::get<std::string>(std::string_view) const;
template seconds Snapshot::get<seconds>(std::string_view) const;
template milliseconds Snapshot::get<milliseconds>(std::string_view) const;
template Duration Snapshot::get<Duration>(std::string_view) const;
template const std::vector<std::string>& Snapshot::get<std::vector<std::string>>(
    std::string_view) const;

std::vector<Snapshot::Entry> Snapshot::entries() const {
  std::vector<Entry> entries;
  for (std::size_t index = 0; index < resolved_->values.size(); ++index) {
    const internal::RegisteredOpt& option = registry_->options()[index];
    const bool secret = option.option.secrecy == Secrecy::secret;
    entries.push_back({option.name, secret ? "***" : internal::to_text(resolved_->values[index]),
                       resolved_->origins[index]});
  }
  return entries;
}

}  // namespace thane
