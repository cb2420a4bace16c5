#include "failure.hpp"

#include <new>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "json_text.hpp"

namespace thane::rpc::internal {

namespace {

using nlohmann::json;

const char* const dispatcher_module = "oslo_messaging.rpc.dispatcher";

std::string write(const std::string& module, const std::string& class_name,
                  const std::string& message, json args, json kwargs,
                  std::vector<std::string> traceback, std::string_view where) {
  // Never empty: a Python caller prints it.
  traceback.push_back("  in " + std::string{where} + ", served by thane\n");
  traceback.push_back(class_name + ": " + message + "\n");
  return encode({{"class", class_name},
                 {"module", module},
                 {"message", message},
                 {"tb", std::move(traceback)},
                 {"args", std::move(args)},
                 {"kwargs", std::move(kwargs)}});
}

std::string write_builtin(const std::string& class_name, const std::string& message,
                          std::string_view where) {
  return write("builtins", class_name, message, json::array({message}), json::object(), {}, where);
}

// As Python does: what was rebuilt from another server's failure loses the mark of that.
std::string without_remote(const std::string& name) {
  const std::string suffix = "_Remote";
  return name.ends_with(suffix) ? name.substr(0, name.size() - suffix.size()) : name;
}

}  // namespace

std::string describe_failure(const std::exception_ptr& error, std::string_view where) {
  try {
    std::rethrow_exception(error);
  } catch (const Failure& failure) {
    return write(failure.module(), failure.class_name(), failure.what(), failure.args(),
                 failure.kwargs(), {"Traceback (most recent call last):\n"}, where);
  } catch (const RemoteError& remote) {
    return write(without_remote(remote.module()), without_remote(remote.exc_type()), remote.value(),
                 remote.args(), remote.kwargs(), remote.traceback(), where);
  } catch (const std::invalid_argument& exception) {
    return write_builtin("ValueError", exception.what(), where);
  } catch (const std::out_of_range& exception) {
    return write_builtin("IndexError", exception.what(), where);
  } catch (const std::bad_alloc&) {
    return write_builtin("MemoryError", "out of memory", where);
  } catch (const std::exception& exception) {
    return write_builtin("RuntimeError", exception.what(), where);
  } catch (...) {
    return write_builtin("RuntimeError", "an exception that is no std::exception", where);
  }
}

RemoteError remote_error_from(std::string_view failure) {
  const json parsed = decode(failure);
  if (!parsed.is_object()) throw std::invalid_argument("a failure that is no JSON object");
  const auto text = [&](const char* key) {
    const auto found = parsed.find(key);
    return found != parsed.end() && found->is_string() ? found->get<std::string>() : std::string{};
  };
  const auto part = [&](const char* key, json otherwise) {
    const auto found = parsed.find(key);
    const bool usable = found != parsed.end() && found->type() == otherwise.type();
    return std::make_shared<const json>(usable ? *found : std::move(otherwise));
  };
  RemoteError::Parts parts{.exc_type = text("class"),
                           .module = text("module"),
                           .value = text("message"),
                           .traceback = {},
                           .args = part("args", json::array()),
                           .kwargs = part("kwargs", json::object())};
  if (parts.module == "exceptions") parts.module = "builtins";  // Python 2's name of it.
  const auto traceback = part("tb", json::array());
  for (const json& line : *traceback) {
    if (line.is_string()) parts.traceback.push_back(line.get<std::string>());
  }
  return RemoteError{std::move(parts)};
}

// Their args are those with which Python's classes can be called again.
Failure no_such_method(const std::string& method) {
  return {dispatcher_module, "NoSuchMethod", "Endpoint does not support RPC method " + method,
          json::array({method}), json::object()};
}

Failure unsupported_version(const std::string& version, const std::string& method) {
  std::string message = "Endpoint does not support RPC version " + version;
  if (!method.empty()) message += ". Attempted method: " + method;
  return {dispatcher_module, "UnsupportedVersion", message, json::array({version, method}),
          json::object()};
}

}  // namespace thane::rpc::internal

namespace thane::rpc {

using nlohmann::json;

Failure::Failure(std::string module, std::string class_name, const std::string& message)
    : Failure(std::move(module), std::move(class_name), message, json::array({message}),
              json::object()) {}

Failure::Failure(std::string module, std::string class_name, const std::string& message, json args,
                 json kwargs)
    : std::runtime_error(message), module_(std::move(module)), class_name_(std::move(class_name)) {
  if (!args.is_array()) throw std::invalid_argument("the args of a Failure are no array");
  if (!kwargs.is_object()) throw std::invalid_argument("the kwargs of a Failure are no object");
  args_ = std::make_shared<const json>(std::move(args));
  kwargs_ = std::make_shared<const json>(std::move(kwargs));
}

namespace {

std::string remote_text(const RemoteError::Parts& parts) {
  std::string lines;
  for (const std::string& line : parts.traceback) {
    lines += (lines.empty() ? "" : ", ") + line;
  }
  return "Remote error: " + parts.exc_type + " " + parts.value + "\n[" + lines + "].";
}

}  // namespace

RemoteError::RemoteError(Parts parts)
    : MessagingException(remote_text(parts)),
      parts_(std::make_shared<const Parts>(std::move(parts))) {}

KnownErrors& KnownErrors::add(std::string module, std::string class_name,
                              std::function<void(const RemoteError&)> raise) {
  raisers_.insert_or_assign({std::move(module), std::move(class_name)}, std::move(raise));
  return *this;
}

void KnownErrors::raise(const RemoteError& error) const {
  const auto found = raisers_.find({error.module(), error.exc_type()});
  if (found != raisers_.end()) found->second(error);
  throw error;
}

}  // namespace thane::rpc
