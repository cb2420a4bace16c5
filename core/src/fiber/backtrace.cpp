#include "backtrace.hpp"

#include <cxxabi.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <unwind.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

namespace thane::internal {

namespace {

_Unwind_Reason_Code on_frame(_Unwind_Context* context, void* argument) {
  auto& backtrace = *static_cast<Backtrace*>(argument);
  if (backtrace.size == Backtrace::max_frames) {
    return _URC_END_OF_STACK;
  }
  backtrace.frames[backtrace.size++] = reinterpret_cast<void*>(_Unwind_GetIP(context));
  return _URC_NO_REASON;
}

std::string demangle(const char* symbol) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(symbol, nullptr, nullptr, &status), &std::free);
  return status == 0 ? name.get() : symbol;
}

std::string describe(void* frame) {
  const auto address = reinterpret_cast<std::uintptr_t>(frame);
  Dl_info info = {};
  // A frame goes on after its call, which may be the last instruction of its function.
  if (::dladdr(reinterpret_cast<void*>(address - 1), &info) == 0) {
    return fmt::format("{:#x}", address);
  }
  if (info.dli_sname != nullptr) {
    const auto start = reinterpret_cast<std::uintptr_t>(info.dli_saddr);
    return fmt::format("{} + {:#x}", demangle(info.dli_sname), address - start);
  }
  const auto start = reinterpret_cast<std::uintptr_t>(info.dli_fbase);
  return fmt::format("{} + {:#x}", info.dli_fname, address - start);
}

bool belongs_to_core(std::string_view frame) {
  for (const std::string_view name :
       {"thane::internal::Backtrace::", "thane::internal::StackSwitch::",
        "thane::internal::FiberContext::"}) {
    if (frame.substr(0, name.size()) == name) {
      return true;
    }
  }
  return false;
}

}  // namespace

void Backtrace::capture(void* backtrace) noexcept {
  auto& self = *static_cast<Backtrace*>(backtrace);
  self.size = 0;
  ::_Unwind_Backtrace(on_frame, &self);
}

std::string to_text(const Backtrace& backtrace) {
  std::string text;
  for (std::size_t i = 0; i < backtrace.size; ++i) {
    const std::string frame = describe(backtrace.frames[i]);
    if (!belongs_to_core(frame)) {
      text += fmt::format("    at {}\n", frame);
    }
  }
  return text;
}

}  // namespace thane::internal
