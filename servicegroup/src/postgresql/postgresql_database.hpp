// PostgreSQL, for the processes of many machines.
#pragma once

#include <memory>
#include <string>

#include "../database.hpp"

namespace thane::servicegroup::internal {

/// `url`: as libpq takes it.
[[nodiscard]] std::unique_ptr<Database> make_postgresql_database(std::string url);

/// What libpq has against a URL, without it; empty: nothing.
[[nodiscard]] std::string why_not_postgresql(const std::string& url);

}  // namespace thane::servicegroup::internal
