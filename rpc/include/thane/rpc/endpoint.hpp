// The methods that an RPC server offers, by name.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <thane/rpc/context.hpp>
#include <thane/rpc/internal/typed_method.hpp>
#include <thane/rpc/target.hpp>

namespace thane::rpc {

/// A table of methods below one namespace and version. A server has one or more.
///
///     struct Stock {                                       // Whatever the methods work on.
///       int count(const rpc::Context&, const std::string& item);
///     };
///     rpc::Endpoint endpoint{{.version = "1.3"}};
///     endpoint.method("add", {"a", "b"}, [](const rpc::Context&, int a, int b) { return a + b; });
///     endpoint.method("find", {"name", "limit"},
///                     [](const rpc::Context&, std::string name, std::optional<int> limit) {
///                       return search(name, limit.value_or(10));
///                     });
///     endpoint.method("echo", [](const rpc::Context&, nlohmann::json args) {
///       return args.at("arg");                             // Takes whatever it is sent.
///     });
///
/// Arguments have names, as Python's keyword arguments. A typed method is given each by its name;
/// one that is missing, unknown or of another type is Python's TypeError at the caller. A parameter
/// that is a std::optional may be left out. Types are those nlohmann::json converts, results too;
/// a method that returns nothing answers null. Include <nlohmann/json.hpp>.
///
/// A method runs on a fiber of its own and may block it. What it throws goes to its caller: see
/// Failure. Many calls run at a time, of the same method too.
class Endpoint {
 public:
  /// `args` is an object.
  using Method = std::function<nlohmann::json(const Context& context, nlohmann::json args)>;

  /// Only name_space, version and legacy_namespaces of the target count.
  explicit Endpoint(Target target = {});

  /// Adds a method that takes its arguments as they come. Throws std::invalid_argument if the name
  /// is taken or empty.
  Endpoint& method(std::string name, Method body);

  /// Adds a typed method: one name for each parameter behind the Context.
  template <class Function>
  Endpoint& method(std::string name, std::vector<std::string> parameters, Function body) {
    auto typed = internal::typed_method(name, std::move(parameters), std::move(body));
    return method(std::move(name), Method{std::move(typed)});
  }

  /// Marks methods for ExplicitRPCAccessPolicy. Throws std::invalid_argument if there is no such.
  Endpoint& expose(std::string_view name);

  [[nodiscard]] const Target& target() const noexcept { return target_; }
  /// Null if there is none of that name.
  [[nodiscard]] const Method* find(std::string_view name) const noexcept;
  [[nodiscard]] bool exposed(std::string_view name) const noexcept;

 private:
  struct Entry {
    Method body;
    bool exposed = false;
  };
  Target target_;
  std::map<std::string, Entry, std::less<>> methods_;
};

/// Which methods of an endpoint may be called from outside; the others do not exist for callers.
using RPCAccessPolicy = std::function<bool(const Endpoint& endpoint, std::string_view method)>;

/// All.
struct LegacyRPCAccessPolicy {
  bool operator()(const Endpoint& endpoint, std::string_view method) const;
};
/// Those whose names do not begin with '_'. What servers take if they are told nothing.
struct DefaultRPCAccessPolicy {
  bool operator()(const Endpoint& endpoint, std::string_view method) const;
};
/// Those that were marked by Endpoint::expose().
struct ExplicitRPCAccessPolicy {
  bool operator()(const Endpoint& endpoint, std::string_view method) const;
};

}  // namespace thane::rpc
