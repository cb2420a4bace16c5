// What all copies of a Config share.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <thane/config.hpp>

#include "loader.hpp"

namespace thane {

namespace internal {

/// The options of the program and those of core.
[[nodiscard]] std::shared_ptr<const OptRegistry> make_registry(std::vector<OptGroup> groups);

}  // namespace internal

struct Config::State {
  State(internal::Sources sources_read, std::shared_ptr<const Snapshot> first)
      : sources(std::move(sources_read)), current(std::move(first)) {}

  /// Logs each warning once, not again at each reload.
  void warn(const internal::Warnings& warnings);

  const internal::Sources sources;
  std::mutex mutex;  // Guards what follows.
  std::shared_ptr<const Snapshot> current;
  std::set<std::string> warned;
};

}  // namespace thane
