// The shared memory in which workers tell how they fare, as the parent deals it out.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <thane/internal/worker_slot.hpp>

namespace thane::internal {

/// Made before the first fork; every worker sees all slots. What a crashing worker writes there can
/// mislead the parent's statistics and nothing else: no decision depends on more than a number.
class SlotTable {
 public:
  /// Room for `workers` workers in four generations. Throws std::system_error without memory.
  explicit SlotTable(std::size_t workers);
  ~SlotTable();
  SlotTable(const SlotTable&) = delete;
  SlotTable& operator=(const SlotTable&) = delete;

  /// A slot that nobody has, all zero but for the service; nothing if there is none.
  [[nodiscard]] std::optional<std::size_t> take(std::size_t service) noexcept;
  void give_back(std::size_t slot) noexcept;

  [[nodiscard]] WorkerSlot& operator[](std::size_t slot) const noexcept { return slots_[slot]; }
  /// What the worker in `slot` sees of it.
  [[nodiscard]] WorkerSlots seen_from(std::size_t slot) const noexcept {
    return {slots_, slot, state_};
  }
  /// From now on each worker knows that nobody serves after it.
  void announce_end() noexcept { state_->ending.store(true); }

 private:
  LauncherState* state_;  // The slots follow it.
  std::span<WorkerSlot> slots_;
  std::vector<bool> taken_;
};

}  // namespace thane::internal
