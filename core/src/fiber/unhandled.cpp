#include "unhandled.hpp"

#include <thane/log.hpp>

namespace thane::internal {

void on_unhandled(std::uint64_t id, const std::string& name,
                  const std::exception_ptr& error) noexcept {
  const char* shown = name.empty() ? "(no name)" : name.c_str();
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& exception) {
    log::error("fiber {} (id {}) ended with an exception: {}", shown, id, exception.what());
  } catch (...) {
    log::error("fiber {} (id {}) ended with an exception that is no std::exception", shown, id);
  }
}

}  // namespace thane::internal
