// Says which fiber ran out of stack, before the process dies of it.
#pragma once

#include "diagnostics/alternate_stack.hpp"

namespace thane::internal {

/// While one exists, a fault in the guard page of a running fiber's stack is one line of the log:
/// `fiber stack overflow: fiber NAME (id N)`. Then, and for all other faults, the handler
/// that was there before gets the signal, or its default action.
///
/// The handler belongs to the process, its alternate stack to the thread: one object per loop.
class OverflowHandler {
 public:
  OverflowHandler();
  ~OverflowHandler();
  OverflowHandler(const OverflowHandler&) = delete;
  OverflowHandler& operator=(const OverflowHandler&) = delete;

 private:
  AlternateStack alternate_stack_;
};

}  // namespace thane::internal
