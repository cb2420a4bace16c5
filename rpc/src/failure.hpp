// Exceptions as text on the wire, and back.
#pragma once

#include <exception>
#include <string>
#include <string_view>

#include <thane/rpc/remote_error.hpp>

namespace thane::rpc::internal {

/// The JSON text of an exception, with module, class, message, tb, args and kwargs. `where` says
/// in its traceback which method it came out of.
[[nodiscard]] std::string describe_failure(const std::exception_ptr& error, std::string_view where);

/// What the text of a failure stands for. Missing parts are empty. Throws std::invalid_argument if
/// the text is no JSON object.
[[nodiscard]] RemoteError remote_error_from(std::string_view failure);

/// The exceptions that a dispatcher raises of its own.
[[nodiscard]] Failure no_such_method(const std::string& method);
[[nodiscard]] Failure unsupported_version(const std::string& version, const std::string& method);

}  // namespace thane::rpc::internal
