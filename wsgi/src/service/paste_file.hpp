// Which Paste file the option api_paste_config means, and an application in it by its name.
#pragma once

#include <string>

#include <thane/snapshot.hpp>
#include <thane/wsgi/application.hpp>
#include <thane/wsgi/registry.hpp>

namespace thane::wsgi::internal {

/// Empty if there is none.
[[nodiscard]] std::string working_directory();

/// Its absolute path. `directory`: where the program was started. Throws load_error.
[[nodiscard]] std::string find_paste_file(const Snapshot& values, const std::string& directory);

/// Throws app_not_found_error if the file, rather than what the application leads to, has none of
/// that name.
[[nodiscard]] Application load_named_app(const Registry& registry, const std::string& file,
                                         const std::string& name);

}  // namespace thane::wsgi::internal
