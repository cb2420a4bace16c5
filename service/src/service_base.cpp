#include <thane/service_base.hpp>

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <typeinfo>

#include "class_name.hpp"

namespace thane {

void ServiceBase::prepare(const Snapshot& next) {
  static_cast<void>(next);
}

std::string ServiceBase::name() const {
  const char* const mangled = typeid(*this).name();
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> demangled{
      abi::__cxa_demangle(mangled, nullptr, nullptr, &status), &std::free};
  return internal::plain_class_name(status == 0 ? demangled.get() : mangled);
}

}  // namespace thane
