#include <thane/internal/worker_slot.hpp>

namespace thane::internal {

namespace {

WorkerSlot only_slot;
LauncherState only_state;
WorkerSlots slots{{&only_slot, 1}, 0, &only_state};
std::uint64_t wanted_requests = 0;
void (*wanted_function)() noexcept = nullptr;

}  // namespace

const WorkerSlots& worker_slots() noexcept {
  return slots;
}

WorkerSlot& own_slot() noexcept {
  return slots.all[slots.own];
}

void use_worker_slots(const WorkerSlots& new_slots) noexcept {
  slots = new_slots;
  if (slots.launcher == nullptr) {
    slots.launcher = &only_state;
  }
}

bool launcher_ends() noexcept {
  return slots.launcher->ending.load(std::memory_order_acquire);
}

void set_launcher_ends() noexcept {
  slots.launcher->ending.store(true, std::memory_order_release);
}

void count_request() noexcept {
  std::atomic<std::uint64_t>& requests = own_slot().requests;
  const std::uint64_t count = requests.load(std::memory_order_relaxed) + 1;
  requests.store(count, std::memory_order_relaxed);
  if (count == wanted_requests) [[unlikely]] {
    wanted_function();
  }
}

void on_requests(std::uint64_t count, void (*function)() noexcept) noexcept {
  wanted_requests = count;
  wanted_function = function;
}

}  // namespace thane::internal
