// What a process that runs services tells its parent and its siblings, in memory that they share.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace thane::internal {

enum class WorkerState : std::uint8_t { none, starting, running, draining };

/// Written by the one process whose it is, read by others at any time: numbers that tell how it
/// fares, never an address or a process id that a reader would have to trust.
struct alignas(128) WorkerSlot {
  static constexpr std::size_t max_fiber_name = 47;

  std::atomic<std::int64_t> tick{};          ///< When its loop last turned: CLOCK_MONOTONIC, ns.
  std::atomic<std::uint64_t> requests{};     ///< That it has begun to answer.
  std::atomic<std::uint64_t> accepted{};     ///< Connections, since it started.
  std::atomic<std::uint32_t> connections{};  ///< Open ones.
  std::atomic<std::uint32_t> service{};      ///< Which of its launcher's services; from 0 up.
  std::atomic<WorkerState> state{};
  /// The fiber that ran last. Torn while it is written, whole once the process has ended.
  std::array<char, max_fiber_name + 1> fiber{};

  void set_fiber(std::string_view name) noexcept {
    const std::size_t size = name.size() < max_fiber_name ? name.size() : max_fiber_name;
    std::memcpy(fiber.data(), name.data(), size);
    fiber[size] = '\0';
  }
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
static_assert(sizeof(WorkerSlot) == 128);

/// What all processes of one launcher share beside their slots.
struct alignas(128) LauncherState {
  /// It stops everything, and for good. Set before any process hears of it.
  std::atomic<bool> ending{};
  /// Nobody warns that it cannot accept before this time: CLOCK_MONOTONIC, ns.
  std::atomic<std::int64_t> next_accept_warning{};
};

/// The slots of all processes of one launcher, and which is this one's. Until a launcher says
/// otherwise a process has one slot, which nobody else sees.
struct WorkerSlots {
  std::span<WorkerSlot> all;
  std::size_t own = 0;
  LauncherState* launcher = nullptr;  ///< None: the process has one of its own.
};
[[nodiscard]] const WorkerSlots& worker_slots() noexcept;
[[nodiscard]] WorkerSlot& own_slot() noexcept;
/// To be called before the process has a FiberLoop. What `all` points to lives as long as the
/// process.
void use_worker_slots(const WorkerSlots& slots) noexcept;

/// Whether the launcher stops everything for good, so that nobody serves after this process. Never
/// true without a launcher, nor while one reloads, or replaces a single worker.
[[nodiscard]] bool launcher_ends() noexcept;
void set_launcher_ends() noexcept;

/// Counts one request that is served. When as many as on_requests() asked for were counted, its
/// function is called, once.
void count_request() noexcept;
/// `function` runs on the fiber that counts; it must not throw. Zero: never.
void on_requests(std::uint64_t count, void (*function)() noexcept) noexcept;

}  // namespace thane::internal
