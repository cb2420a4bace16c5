#include "slot_table.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include <thane/check.hpp>

namespace thane::internal {

namespace {
constexpr std::size_t generations = 4;
constexpr std::size_t least_slots = 256;  // What the option for the number of workers may grow to.
}  // namespace

SlotTable::SlotTable(std::size_t workers) {
  const std::size_t count = std::max(workers * generations, least_slots);
  // Pages that nobody uses cost nothing.
  void* memory = ::mmap(nullptr, sizeof(LauncherState) + count * sizeof(WorkerSlot),
                        PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    throw_errno(errno, "mmap");
  }
  state_ = std::construct_at(static_cast<LauncherState*>(memory));
  slots_ = {reinterpret_cast<WorkerSlot*>(state_ + 1), count};
  taken_.resize(count);
}

SlotTable::~SlotTable() {
  ::munmap(state_, sizeof(LauncherState) + slots_.size_bytes());
}

std::optional<std::size_t> SlotTable::take(std::size_t service) noexcept {
  const auto free = std::ranges::find(taken_, false);
  if (free == taken_.end()) {
    return std::nullopt;
  }
  *free = true;
  const auto slot = static_cast<std::size_t>(free - taken_.begin());
  std::construct_at(&slots_[slot]);
  slots_[slot].service.store(static_cast<std::uint32_t>(service));
  slots_[slot].state.store(WorkerState::starting);
  return slot;
}

void SlotTable::give_back(std::size_t slot) noexcept {
  slots_[slot].state.store(WorkerState::none);
  taken_[slot] = false;
}

}  // namespace thane::internal
