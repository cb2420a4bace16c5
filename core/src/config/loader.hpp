// All sources together.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <thane/config.hpp>

#include "assignment.hpp"
#include "command_line.hpp"

namespace thane::internal {

struct Sources {
  std::shared_ptr<const OptRegistry> registry;
  CommandLine command_line;
  std::vector<std::string> environment;  ///< "THANE_NAME=value".
  std::filesystem::path directory;       ///< What relative names of files are relative to.
  Config::Source own = {};               ///< Of the program; empty: none.
};

struct Loaded {
  std::shared_ptr<const Snapshot> snapshot;
  Warnings warnings;
};

/// Reads the files and combines all. Throws config_error, or command_line_error.
[[nodiscard]] Loaded load_sources(const Sources& sources);

}  // namespace thane::internal
