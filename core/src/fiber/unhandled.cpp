#include "unhandled.hpp"

#include <cstdio>

namespace thane::internal {

void on_unhandled(std::uint64_t id, const std::string& name,
                  const std::exception_ptr& error) noexcept {
  const char* what = "an exception that is no std::exception";
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "fiber %s (id %llu) ended with an exception: %s\n", name.c_str(),
                 static_cast<unsigned long long>(id), exception.what());
    return;
  } catch (...) {
  }
  std::fprintf(stderr, "fiber %s (id %llu) ended with %s\n", name.c_str(),
               static_cast<unsigned long long>(id), what);
}

}  // namespace thane::internal
