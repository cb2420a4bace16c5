// Exceptions that cross the wire: what a method raises, and what its caller catches.
#pragma once

#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <thane/rpc/errors.hpp>

namespace thane::rpc {

/// What a method throws so that its caller gets an exception of this very class. A Python client
/// imports `module`, if it is told to trust it, and calls `class_name(*args, **kwargs)`.
///
///     throw rpc::Failure{"nova.exception", "InstanceNotFound", "no instance 7"};
///
/// Other exceptions become builtins: std::invalid_argument ValueError, std::out_of_range
/// IndexError, std::bad_alloc MemoryError, every other std::exception RuntimeError. A RemoteError
/// that a method lets through stays what it was.
class Failure : public std::runtime_error {  // NOLINT(readability-identifier-naming)
 public:
  /// With args [message] and no kwargs.
  Failure(std::string module, std::string class_name, const std::string& message);
  /// `args` is an array, `kwargs` an object. Throws std::invalid_argument if they are not.
  Failure(std::string module, std::string class_name, const std::string& message,
          nlohmann::json args, nlohmann::json kwargs);

  [[nodiscard]] const std::string& module() const noexcept { return module_; }
  [[nodiscard]] const std::string& class_name() const noexcept { return class_name_; }
  [[nodiscard]] const nlohmann::json& args() const noexcept { return *args_; }
  [[nodiscard]] const nlohmann::json& kwargs() const noexcept { return *kwargs_; }

 private:
  std::string module_;
  std::string class_name_;
  std::shared_ptr<const nlohmann::json> args_;  // Shared: exceptions are copied without throwing.
  std::shared_ptr<const nlohmann::json> kwargs_;
};

/// What a call throws when the method has raised an exception at the other end.
/// what() is "Remote error: CLASS MESSAGE\n[traceback]." as in Python.
class RemoteError : public MessagingException {
 public:
  struct Parts {
    std::string exc_type;                          ///< The name of the class.
    std::string module;                            ///< "builtins" for Python's own.
    std::string value;                             ///< The message.
    std::vector<std::string> traceback;            ///< Lines, of the other side.
    std::shared_ptr<const nlohmann::json> args;    ///< An array; what the class was called with.
    std::shared_ptr<const nlohmann::json> kwargs;  ///< An object.
  };
  explicit RemoteError(Parts parts);

  [[nodiscard]] const std::string& exc_type() const noexcept { return parts_->exc_type; }
  [[nodiscard]] const std::string& module() const noexcept { return parts_->module; }
  [[nodiscard]] const std::string& value() const noexcept { return parts_->value; }
  [[nodiscard]] const std::vector<std::string>& traceback() const noexcept {
    return parts_->traceback;
  }
  [[nodiscard]] const nlohmann::json& args() const noexcept { return *parts_->args; }
  [[nodiscard]] const nlohmann::json& kwargs() const noexcept { return *parts_->kwargs; }

 private:
  std::shared_ptr<const Parts> parts_;
};

/// Which remote exceptions a client turns into exceptions of its own: the allow-list that
/// oslo.messaging keeps as allowed_remote_exmods.
///
///     rpc::KnownErrors errors;
///     errors.add("nova.exception", "InstanceNotFound", [](const rpc::RemoteError& error) {
///       throw InstanceNotFound{error.value()};
///     });
///     rpc::Client client{transport, target, {.errors = errors}};
class KnownErrors {
 public:
  /// `raise` throws; if it returns, the RemoteError is thrown. A second one replaces the first.
  KnownErrors& add(std::string module, std::string class_name,
                   std::function<void(const RemoteError&)> raise);
  /// Throws what `error` stands for here.
  [[noreturn]] void raise(const RemoteError& error) const;

 private:
  std::map<std::pair<std::string, std::string>, std::function<void(const RemoteError&)>> raisers_;
};

}  // namespace thane::rpc
