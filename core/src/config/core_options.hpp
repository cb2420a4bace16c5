// The options that core itself brings to every program.
#pragma once

#include <thane/opt.hpp>

namespace thane::internal {

/// config_file, config_dir and those of the log, which thane::log::configure() takes up.
[[nodiscard]] OptGroup core_options();

}  // namespace thane::internal
