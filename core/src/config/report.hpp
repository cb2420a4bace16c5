// What a program tells of its options: --help, --dump-config, --sample-config, --options-markdown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <thane/snapshot.hpp>

#include "registry.hpp"

namespace thane::internal {

[[nodiscard]] std::string help_text(const OptRegistry& registry, std::string_view program);

/// All values as an INI file that gives them again, each below a comment that says where it is
/// from. Secrets are masked.
[[nodiscard]] std::string dump_text(const OptRegistry& registry,
                                    const std::vector<Snapshot::Entry>& entries);

/// An INI file of all options with their defaults, commented out, below what they mean.
[[nodiscard]] std::string sample_text(const OptRegistry& registry);

/// One table for each group, for docs/.
[[nodiscard]] std::string markdown_text(const OptRegistry& registry);

}  // namespace thane::internal
