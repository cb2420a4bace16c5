#include <thane/fiber_loop.hpp>

#include <thane/assert.hpp>

#include <exception>
#include <utility>

#include "loop_impl.hpp"

namespace thane {

using internal::FiberContext;

FiberLoop::FiberLoop() : FiberLoop(Options{}) {}

FiberLoop::FiberLoop(const Options& options) : impl_(std::make_unique<Impl>(options)) {
  THANE_ASSERT(Impl::of_this_thread() == nullptr);  // One per thread.
  Impl::set_of_this_thread(this);
}

FiberLoop::~FiberLoop() {
  try {
    impl_->kill_all_and_drain();
  } catch (...) {  // Fibers are left, which refer to what would go now.
    std::terminate();
  }
  impl_.reset();
  Impl::set_of_this_thread(nullptr);
}

FiberLoop& FiberLoop::current() {
  THANE_ASSERT(Impl::of_this_thread() != nullptr);
  return *Impl::of_this_thread();
}

Fiber FiberLoop::spawn(std::function<void()> body, std::string_view name) {
  return FiberContext::handle(&impl_->spawn(std::move(body), name));
}

void FiberLoop::run(std::function<void()> main) {
  FiberContext& context = impl_->spawn(std::move(main), "main");
  const Fiber fiber = FiberContext::handle(&context);
  context.observe();  // Whatever ends it comes out of here.
  impl_->run_until_done(context);
  if (fiber.error() != nullptr) {
    std::rethrow_exception(fiber.error());
  }
}

TimePoint FiberLoop::now() const {
  return impl_->now();
}

std::size_t FiberLoop::fibers() const noexcept {
  return impl_->fibers();
}

}  // namespace thane
