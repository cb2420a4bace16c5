// What those wait for who start a contract program.
#pragma once

#include <cstdio>

#include <thane/hooks.hpp>

namespace contract {

/// Prints READY, once, when so many workers of a program serve.
[[nodiscard]] inline thane::Hooks tell_ready(int workers) {
  return {.worker_ready = [missing = workers](const thane::WorkerInfo&) mutable {
    if (--missing == 0) {
      std::puts("READY");
      std::fflush(stdout);
    }
  }};
}

}  // namespace contract
