// A launched service as its launcher records it.
#pragma once

#include <memory>
#include <string>

#include <thane/launch_options.hpp>
#include <thane/service_base.hpp>

namespace thane {

/// One service with the number of workers that run it and the name that log lines give it.
/// Made by launch_service(); forks and respawns are recorded elsewhere, per worker.
struct ServiceWrapper {
  std::unique_ptr<ServiceBase> service;  ///< Never null.
  std::string name;                      ///< Unique within its launcher.
  LaunchOptions options = {};            ///< As launched, but for `name` and `workers`.
  int workers = 1;                       ///< At least 1; as the configuration has it now.
};

}  // namespace thane
