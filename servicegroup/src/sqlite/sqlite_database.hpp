// SQLite, for the processes of one machine.
#pragma once

#include <memory>
#include <string>

#include <thane/clock.hpp>

#include "../database.hpp"

namespace thane::servicegroup::internal {

/// `path` empty: the usual one. `timeout`: what a statement may take, waits for others included.
[[nodiscard]] std::unique_ptr<Database> make_sqlite_database(std::string path, Duration timeout);

}  // namespace thane::servicegroup::internal
