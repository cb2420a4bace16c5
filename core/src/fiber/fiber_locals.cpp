#include "fiber_locals.hpp"

#include <thane/assert.hpp>
#include <thane/fiber_local.hpp>

#include <atomic>
#include <memory>
#include <thane/internal/exchange_locals.hpp>
#include <utility>

#include "fiber_context.hpp"

namespace thane::internal {

FiberLocals::~FiberLocals() {
  while (!values_.empty()) {  // Newest first; a destructor may use the older ones.
    const Value last = values_.back();
    values_.pop_back();
    last.destroy(last.value);
  }
}

void* FiberLocals::find(std::uint64_t key) const noexcept {
  for (const Value& value : values_) {
    if (value.key == key) {
      return value.value;
    }
  }
  return nullptr;
}

void FiberLocals::put(std::uint64_t key, void* value, Destroy destroy) {
  values_.push_back({key, value, destroy});
}

void FiberLocals::erase(std::uint64_t key) noexcept {
  for (auto value = values_.begin(); value != values_.end(); ++value) {
    if (value->key == key) {
      const Value old = *value;
      values_.erase(value);
      old.destroy(old.value);
      return;
    }
  }
}

std::uint64_t next_fiber_local_key() noexcept {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

void* find_fiber_local(std::uint64_t key) noexcept {
  FiberContext* fiber = FiberContext::running();
  return fiber != nullptr && fiber->locals ? fiber->locals->find(key) : nullptr;
}

void put_fiber_local(std::uint64_t key, void* value, void (*destroy)(void*) noexcept) {
  std::unique_ptr<void, FiberLocals::Destroy> owned(value, destroy);
  FiberContext& fiber = FiberContext::self();
  if (!fiber.locals) {
    fiber.locals = std::make_unique<FiberLocals>();
  }
  fiber.locals->put(key, value, destroy);
  (void)owned.release();
}

void exchange_locals(const Fiber& other) noexcept {
  std::swap(FiberContext::self().locals, FiberContext::of(other).locals);
}

void drop_locals() noexcept {
  FiberContext::self().locals.reset();
}

void erase_fiber_local(std::uint64_t key) noexcept {
  FiberContext& fiber = FiberContext::self();
  if (fiber.locals) {
    fiber.locals->erase(key);
  }
}

}  // namespace thane::internal
