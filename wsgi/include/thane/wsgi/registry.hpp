// The factories that a program offers to its Paste files, each under the name files call it by.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <thane/service_base.hpp>
#include <thane/wsgi/application.hpp>
#include <thane/wsgi/filter.hpp>
#include <thane/wsgi/settings.hpp>

namespace thane::wsgi {

class Loader;

/// Makes the service that serves an application; what a [server:] section becomes.
using ServiceMaker = std::function<std::unique_ptr<ServiceBase>(Application)>;

/// What stands for Python's entry points and modules. main() fills one and hands it to load_app().
///
///     wsgi::Registry registry;
///     registry.add_app("egg:shop#api", make_api);              // use = egg:shop#api
///     registry.add_filter("shop.audit:factory", make_audit);   // paste.filter_factory = ...
///     registry.add_composite("call:shop.api:root", make_map);  // use = call:shop.api:root
///
/// A name is written as in the file: "egg:DISTRIBUTION#NAME" ("#main" may be left out),
/// "MODULE:ATTRIBUTE" for the keys paste.*_factory, "call:MODULE:ATTRIBUTE". Of distributions, case
/// and the difference of "-", "_" and "." count for nothing, as in Python.
///
/// The members throw std::invalid_argument for a name of another form, for an empty function, and
/// if the name already has a factory of the same kind.
class Registry {
 public:
  /// global_conf, then local_conf. Called once for each object that a file makes of it.
  template <class Result>
  using Maker = std::function<Result(const Settings&, const Settings&)>;
  using AppFactory = Maker<Application>;
  using FilterFactory = Maker<Filter>;
  using ServerFactory = Maker<ServiceMaker>;
  /// Called when the filter is put around an application, once for each.
  using FilterAppFactory =
      std::function<Application(Application, const Settings&, const Settings&)>;
  /// Asks the Loader, which lives as long as the call, for the applications it is made of. Its
  /// local_conf is in the order of the file.
  using CompositeFactory = std::function<Application(Loader&, const Settings&, const Settings&)>;
  /// Called when the application is known, with it.
  using ServerRunner =
      std::function<std::unique_ptr<ServiceBase>(Application, const Settings&, const Settings&)>;

  /// In the order of the alternatives of Factory.
  enum class Kind : std::uint8_t { app, composite, filter, filter_app, server, server_runner };
  using Factory = std::variant<AppFactory, CompositeFactory, FilterFactory, FilterAppFactory,
                               ServerFactory, ServerRunner>;

  /// Asked for what is not registered; nullopt: not known here either. `spec` is as in the file,
  /// `wanted` the kind that the section asks for; of an egg, app may be answered with a composite,
  /// filter with a filter_app, and server with a server_runner.
  using Resolver = std::function<std::optional<Factory>(const std::string& spec, Kind wanted)>;

  void add_app(std::string_view spec, AppFactory factory) { add(spec, std::move(factory)); }
  void add_composite(std::string_view spec, CompositeFactory factory) {
    add(spec, std::move(factory));
  }
  void add_filter(std::string_view spec, FilterFactory factory) { add(spec, std::move(factory)); }
  void add_filter_app(std::string_view spec, FilterAppFactory factory) {
    add(spec, std::move(factory));
  }
  void add_server(std::string_view spec, ServerFactory factory) { add(spec, std::move(factory)); }
  void add_server_runner(std::string_view spec, ServerRunner factory) {
    add(spec, std::move(factory));
  }
  /// Any of them.
  void add(std::string_view spec, Factory factory);

  /// Makes `require = DISTRIBUTION` succeed; a registered "egg:DISTRIBUTION#..." does so too.
  void add_distribution(std::string_view distribution);
  /// In the place of one set before.
  void set_resolver(Resolver resolver) { resolver_ = std::move(resolver); }

  /// The factory registered under that name, of that kind.
  [[nodiscard]] std::optional<Factory> find(const std::string& spec, Kind kind) const;
  /// What the resolver says.
  [[nodiscard]] std::optional<Factory> resolve(const std::string& spec, Kind wanted) const;
  [[nodiscard]] bool has_distribution(std::string_view distribution) const;
  /// Kinds under which the name is registered.
  [[nodiscard]] std::vector<Kind> kinds_of(std::string_view spec) const;
  /// At most `most` of the names registered, the likest to `spec` first.
  [[nodiscard]] std::vector<std::string> closest(std::string_view spec, std::size_t most = 3) const;

 private:
  struct Registered {
    std::string spec;  // As main() wrote it.
    Factory factory;
  };

  std::map<std::pair<std::string, Kind>, Registered> factories_;
  std::set<std::string, std::less<>> distributions_;
  Resolver resolver_;
};

}  // namespace thane::wsgi
