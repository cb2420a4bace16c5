// The stock parts that answer with files, or change and refuse what others answer.
#pragma once

#include <vector>

#include <thane/wsgi/middleware/cors.hpp>
#include <thane/wsgi/registry.hpp>

namespace thane::wsgi::internal {

/// Registers static files, gzip, cors, basic_auth and rate_limit under the names that Python has
/// for them, and as egg:thane#NAME. `policies` are what cors takes from the configuration.
void add_file_parts(Registry& registry, const std::vector<CorsPolicy>& policies = {});

}  // namespace thane::wsgi::internal
