// Applications, filters and servers out of Paste Deploy files.
#pragma once

#include <optional>
#include <string>

#include <thane/wsgi/application.hpp>
#include <thane/wsgi/filter.hpp>
#include <thane/wsgi/load_error.hpp>
#include <thane/wsgi/registry.hpp>
#include <thane/wsgi/settings.hpp>

namespace thane::wsgi {

namespace internal {
class Source;
}

struct LoadOptions {
  std::string relative_to = {};  ///< Folder that a relative config: path starts from; empty: none.
  Settings global_conf = {};     ///< What the file's DEFAULT section is completed with.
};

/// The application that a Paste file describes.
///
///     wsgi::Registry registry;
///     registry.add_app("egg:shop#api", make_api);
///     auto app = wsgi::load_app(registry, "config:/etc/shop/paste.ini");        // [app:main]
///     auto api = wsgi::load_app(registry, "config:paste.ini#api", {}, {.relative_to =
///     "/etc/shop"});
///
/// `uri` is "config:PATH[#NAME]" (PATH percent-decoded), "config_dir:PATH[#NAME]" for all *.conf
/// files of a directory as if they were one (Swift's), "egg:DISTRIBUTION[#NAME]" or
/// "call:MODULE:ATTRIBUTE"; `name` goes before the one in it, and neither means "main". The rules
/// are those of Paste Deploy; docs/paste.md tells them, and where this differs.
///
/// Throws load_error, before any factory is called unless it is a composite's factory that asks
/// for what is wrong. A std::invalid_argument out of a factory becomes a load_error of category
/// `value`; any other exception passes as it is.
///
/// Reads files, and blocks the thread for it: to be called while a service is constructed. Nothing
/// is kept: what is loaded holds copies of what its factories kept, and the registry may go.
[[nodiscard]] Application load_app(const Registry& registry, const std::string& uri,
                                   const std::optional<std::string>& name = {},
                                   const LoadOptions& options = {});
/// The same for a [filter:] section.
[[nodiscard]] Filter load_filter(const Registry& registry, const std::string& uri,
                                 const std::optional<std::string>& name = {},
                                 const LoadOptions& options = {});
/// The same for a [server:] section. It is given the application, and the result to a launcher.
[[nodiscard]] ServiceMaker load_server(const Registry& registry, const std::string& uri,
                                       const std::optional<std::string>& name = {},
                                       const LoadOptions& options = {});

/// What the factory of an application would get.
struct AppConfig {
  Settings global_conf;
  Settings local_conf;
  /// Both in one, local_conf before global_conf: what Paste's appconfig() is, seen as a map.
  [[nodiscard]] Settings merged() const;
};

/// Looks everything up as load_app() does, and calls no factory.
[[nodiscard]] AppConfig app_config(const Registry& registry, const std::string& uri,
                                   const std::optional<std::string>& name = {},
                                   const LoadOptions& options = {});

/// What the factory of a composite asks for the objects that its keys name. Names are those of
/// sections in the file that the composite was loaded from, or references with a scheme.
///
///     wsgi::Application make_map(wsgi::Loader& loader, const wsgi::Settings& global_conf,
///                                const wsgi::Settings& local_conf) {
///       PathMap map;
///       for (const auto& [path, name] : local_conf) {
///         map.add(path, loader.get_app(name, &global_conf));
///       }
///       return map;
///     }
///
/// With `global_conf`, what is `set` in the composite's section holds for the object too; without,
/// it sees the file's DEFAULT section alone, as under OpenStack's pipeline factories. All throw
/// what load_app() throws.
class Loader {
 public:
  explicit Loader(internal::Source& source) : source_(source) {}
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  [[nodiscard]] Application get_app(const std::optional<std::string>& name,
                                    const Settings* global_conf = nullptr);
  [[nodiscard]] Filter get_filter(const std::optional<std::string>& name,
                                  const Settings* global_conf = nullptr);
  [[nodiscard]] ServiceMaker get_server(const std::optional<std::string>& name,
                                        const Settings* global_conf = nullptr);

 private:
  internal::Source& source_;
};

}  // namespace thane::wsgi
