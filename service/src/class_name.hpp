// From a demangled type name to the word that log lines call a service by.
#pragma once

#include <string>
#include <string_view>

namespace thane::internal {

/// The last part of a demangled name in lower case: no namespaces, enclosing functions, template
/// arguments or ABI tags. "(anonymous namespace)::Stock<int>" is "stock".
[[nodiscard]] std::string plain_class_name(std::string_view demangled);

}  // namespace thane::internal
