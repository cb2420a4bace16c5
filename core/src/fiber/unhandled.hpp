// What becomes of an exception that ends a fiber nobody waits for.
#pragma once

#include <cstdint>
#include <exception>
#include <string>

namespace thane::internal {

/// Logs it once, with the fiber's name.
void on_unhandled(std::uint64_t id, const std::string& name,
                  const std::exception_ptr& error) noexcept;

}  // namespace thane::internal
