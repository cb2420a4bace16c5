// The document of 1 KiB that the servers of bench_http answer with, each from its own objects.
#pragma once

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <utility>

namespace thane::bench {

/// A page of volumes, as an API lists them; bench/peer_application.py makes the same.
inline nlohmann::json kibibyte() {
  nlohmann::json volumes = nlohmann::json::array();
  for (int i = 0; i < 8; ++i) {
    volumes.push_back({{"availability_zone", "nova"},
                       {"bootable", false},
                       {"id", fmt::format("6edbc2f4-1507-44f8-ac0d-eed1d2608d3{}", i)},
                       {"size", 10 + i},
                       {"status", "available"}});
  }
  return {{"next", "http://127.0.0.1:8776/v3/volumes?"}, {"volumes", std::move(volumes)}};
}

}  // namespace thane::bench
