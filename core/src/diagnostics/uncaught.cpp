#include "uncaught.hpp"

#include <cxxabi.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <typeinfo>

#include "format_into.hpp"
#include "plain_name.hpp"

namespace thane::internal {

namespace {

std::terminate_handler before = nullptr;

std::atomic_flag noted;  // By the first thread.
std::array<char, 500> room;
std::atomic<std::size_t> size{0};

void note() noexcept {
  const std::type_info* const type = abi::__cxa_current_exception_type();
  if (type == nullptr) {
    size = format_into(room, "std::terminate() without an exception").size();
    return;
  }
  std::array<char, 200> name_room;
  const std::string_view name = plain_type_name(type->name(), name_room);
  size = format_into(room, "uncaught exception {}", name).size();
  try {
    throw;  // Allocates nothing.
  } catch (const std::exception& exception) {
    size = format_into(room, "uncaught exception {}: {}", name, exception.what()).size();
  } catch (...) {
  }
}

[[noreturn]] void on_terminate() {
  if (!noted.test_and_set()) {
    note();
  }
  if (before != nullptr) before();
  std::abort();
}

}  // namespace

TerminateNote::TerminateNote() noexcept {
  before = std::set_terminate(on_terminate);
}

TerminateNote::~TerminateNote() {
  if (std::get_terminate() == on_terminate) {
    std::set_terminate(before);
  }
}

std::string_view terminate_note() noexcept {
  return {room.data(), size};
}

}  // namespace thane::internal
