// What emergency_line() has to know of the log, at any moment and without its lock.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <thane/log_options.hpp>

namespace thane::log::internal {

struct EmergencyTarget {
  int fd = 2;
  Format format = Format::text;
  int worker = -1;
  unsigned generation = 0;
  std::array<char, 64> service{};  // Cut where it ends.
  std::size_t service_size = 0;

  void set_service(std::string_view name) noexcept;
};

/// To be called by one thread at a time, before the descriptor that was the target is closed.
void set_emergency_target(const EmergencyTarget& target) noexcept;

}  // namespace thane::log::internal
