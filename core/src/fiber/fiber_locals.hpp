// The values that FiberLocals hold for one fiber.
#pragma once

#include <cstdint>
#include <vector>

namespace thane::internal {

/// Type-erased values by key; few, so a vector searched from the front.
class FiberLocals {
 public:
  using Destroy = void (*)(void*) noexcept;

  FiberLocals() = default;
  ~FiberLocals();
  FiberLocals(const FiberLocals&) = delete;
  FiberLocals& operator=(const FiberLocals&) = delete;

  [[nodiscard]] void* find(std::uint64_t key) const noexcept;
  void put(std::uint64_t key, void* value, Destroy destroy);
  void erase(std::uint64_t key) noexcept;

 private:
  struct Value {
    std::uint64_t key;
    void* value;
    Destroy destroy;
  };
  std::vector<Value> values_;
};

}  // namespace thane::internal
