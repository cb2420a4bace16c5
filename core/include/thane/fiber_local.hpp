// A variable of which each fiber has its own.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

namespace thane {

namespace internal {
std::uint64_t next_fiber_local_key() noexcept;
[[nodiscard]] void* find_fiber_local(std::uint64_t key) noexcept;
void put_fiber_local(std::uint64_t key, void* value, void (*destroy)(void*) noexcept);
void erase_fiber_local(std::uint64_t key) noexcept;
}  // namespace internal

/// A T per fiber, made when a fiber first asks for it and destroyed when that fiber ends.
///
///     thane::FiberLocal<std::string> request_id;      // A member, or a variable of main().
///     *request_id = "req-1";                          // This fiber's.
///
/// To be used on fibers. It may go before the fibers that used it: their values live until they
/// end.
template <class T>
class FiberLocal {
 public:
  FiberLocal() : FiberLocal([] { return T(); }) {}
  /// `make` gives the value that each fiber begins with.
  explicit FiberLocal(std::function<T()> make) : make_(std::move(make)) {}
  FiberLocal(const FiberLocal&) = delete;
  FiberLocal& operator=(const FiberLocal&) = delete;

  /// The calling fiber's value.
  [[nodiscard]] T& get() {
    if (void* value = internal::find_fiber_local(key_)) {
      return *static_cast<T*>(value);
    }
    auto* value = new T(make_());
    internal::put_fiber_local(key_, value, [](void* old) noexcept { delete static_cast<T*>(old); });
    return *value;
  }
  T& operator*() { return get(); }
  T* operator->() { return &get(); }

  /// The calling fiber's value if it has one, else null.
  [[nodiscard]] T* find() const noexcept {
    return static_cast<T*>(internal::find_fiber_local(key_));
  }
  /// Destroys the calling fiber's value; the next get() makes a new one.
  void reset() noexcept { internal::erase_fiber_local(key_); }

 private:
  const std::uint64_t key_ = internal::next_fiber_local_key();
  std::function<T()> make_;
};

}  // namespace thane
