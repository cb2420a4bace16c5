// An exception as words for a log line.
#pragma once

#include <exception>
#include <string>

namespace thane::internal {

/// what(), or, for what is no std::exception, that nothing is known of it.
[[nodiscard]] std::string describe(const std::exception_ptr& error);

}  // namespace thane::internal
