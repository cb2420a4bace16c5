// A library of the system that is loaded when it is needed for the first time, and by no program
// that does not need it: docs/decisions/0042-libraries-on-demand.md.
#pragma once

#include <stdexcept>
#include <string>

namespace thane::rpc::internal {

/// "libzstd.so.1 cannot be loaded (...): install libzstd1".
class library_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Stays loaded until the process ends.
///
///     const LoadedLibrary library{"libzstd.so.1", "libzstd1"};
///     const auto version = library.get<decltype(ZSTD_versionNumber)>("ZSTD_versionNumber");
class LoadedLibrary {
 public:
  /// `package`: what Debian calls it. Throws library_error.
  LoadedLibrary(std::string file, std::string package);

  /// Throws library_error.
  template <class Function>
  [[nodiscard]] Function* get(const char* name) const {
    return reinterpret_cast<Function*>(find(name));
  }

 private:
  [[nodiscard]] void* find(const char* name) const;
  [[noreturn]] void fail() const;

  std::string file_;
  std::string package_;
  void* handle_;
};

}  // namespace thane::rpc::internal
