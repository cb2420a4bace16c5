// Reading memory that may not be there, as a stack that something has overwritten.
#pragma once

namespace thane::internal {

/// Runs function(argument) until it returns, or until it touches memory that it must not: then
/// false. Signals of such faults are not blocked meanwhile. Works where a handler calls
/// leave_guarded(); without one a fault is a fault. For code without destructors or locks. Safe in
/// signal handlers.
bool run_guarded(void (*function)(void*), void* argument) noexcept;

/// To be called first by every handler of faults. Ends the run_guarded() that this thread is in, if
/// it is in one: then this does not return.
void leave_guarded() noexcept;

}  // namespace thane::internal
