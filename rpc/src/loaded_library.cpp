#include "loaded_library.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <utility>

namespace thane::rpc::internal {

LoadedLibrary::LoadedLibrary(std::string file, std::string package)
    : file_(std::move(file)),
      package_(std::move(package)),
      handle_(::dlopen(file_.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE)) {
  if (handle_ == nullptr) fail();
}

void* LoadedLibrary::find(const char* name) const {
  void* const address = ::dlsym(handle_, name);
  if (address == nullptr) fail();
  return address;
}

void LoadedLibrary::fail() const {
  const char* const why = ::dlerror();
  throw library_error(fmt::format("{} cannot be loaded ({}): install {}", file_,
                                  why != nullptr ? why : "no reason given", package_));
}

}  // namespace thane::rpc::internal
