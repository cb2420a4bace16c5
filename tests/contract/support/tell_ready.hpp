// What those wait for who start a contract program.
#pragma once

#include <cstdio>
#include <utility>

#include <thane/hooks.hpp>

namespace contract {

/// Prints READY, once, when the first worker of a program serves.
[[nodiscard]] inline thane::Hooks tell_ready() {
  return {.worker_ready = [](const thane::WorkerInfo&) {
    static bool told = false;
    if (!std::exchange(told, true)) {
      std::puts("READY");
      std::fflush(stdout);
    }
  }};
}

}  // namespace contract
