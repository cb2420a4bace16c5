// Paste files in memory, and factories that note how they are called.
#pragma once

#include <doctest/doctest.h>

#include <cerrno>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thane/wsgi/loader.hpp>
#include <utility>
#include <vector>

#include "paste/session.hpp"

namespace thane::testing {

/// Loads from `files` with stubs. Objects are text: "m:app", "m:filter(m:app)",
/// "egg:P#urlmap{/ = m:app, /v2 = m:other}".
class PasteWorld {
 public:
  using Application = wsgi::Application;
  using Category = wsgi::load_error::Category;
  using Registry = wsgi::Registry;
  using Settings = wsgi::Settings;
  using Name = std::optional<std::string>;

  struct Call {
    std::string spec;
    Settings global_conf;
    Settings local_conf;
  };

  /// `text` is that of /etc/p.ini.
  explicit PasteWorld(const std::string& text) {
    files["/etc/p.ini"] = text;
    registry.set_resolver([this](const std::string& spec, Registry::Kind wanted) {
      return std::optional{stub(spec, spec.ends_with("#urlmap")       ? Registry::Kind::composite
                                      : spec.ends_with("_filter_app") ? Registry::Kind::filter_app
                                                                      : wanted)};
    });
  }

  /// Looks up, and gives what was found to `use`.
  template <class Use>
  auto load(wsgi::internal::Role role, const std::string& uri, const Name& name,
            const Settings& global_conf, const std::string& relative_to, Use use) {
    const auto read = [this](const std::string& path) {
      if (!files.contains(path)) {
        throw std::system_error(ENOENT, std::generic_category());
      }
      return files[path];
    };
    wsgi::internal::Session session{registry, {read, "/work"}};
    const auto passed = std::make_shared<Settings>(global_conf);
    const auto context =
        session.look_up(uri, relative_to, {.role = role, .name = name, .global_conf = passed});
    return use(session, *context);
  }

  std::string app(const Name& name = {}, const Settings& global_conf = {}) {
    return app_at("config:/etc/p.ini", name, global_conf);
  }
  std::string app_at(const std::string& uri, const Name& name = {},
                     const Settings& global_conf = {}, const std::string& relative_to = {}) {
    return text_of(load(wsgi::internal::Role::application, uri, name, global_conf, relative_to,
                        wsgi::internal::make_app));
  }
  /// Around "next".
  std::string filter(const Name& name = {}) {
    return text_of(load(wsgi::internal::Role::filter, "config:/etc/p.ini", name, {}, {},
                        wsgi::internal::make_filter)(object("next")));
  }
  wsgi::ServiceMaker server(const Name& name = {}) {
    return load(wsgi::internal::Role::server, "config:/etc/p.ini", name, {}, {},
                wsgi::internal::make_server);
  }
  wsgi::AppConfig config(const Name& name = {}, const Settings& global_conf = {}) {
    return load(wsgi::internal::Role::application, "config:/etc/p.ini", name, global_conf, {},
                [](auto&, const wsgi::internal::Context& context) {
                  return wsgi::AppConfig{*context.global_conf, *context.local_conf};
                });
  }
  Settings local(const Name& name = {}) { return config(name).local_conf; }

  /// What `call` throws.
  template <class Call>
  static wsgi::load_error error_of(Call call) {
    try {
      call();
    } catch (const wsgi::load_error& error) {
      return error;
    }
    FAIL("nothing was thrown");
    std::abort();
  }
  wsgi::load_error app_error(const Name& name = {}, const Settings& global_conf = {}) {
    return error_of([&] { (void)app(name, global_conf); });
  }

  /// The specs of all calls so far, in order.
  [[nodiscard]] std::vector<std::string> called() const {
    std::vector<std::string> specs;
    for (const auto& call : calls) {
      specs.push_back(call.spec);
    }
    return specs;
  }
  const Call& call_of(const std::string& spec) const {
    for (const auto& call : calls) {
      if (call.spec == spec) return call;
    }
    FAIL("not called: " << spec);
    std::abort();
  }

  std::map<std::string, std::string> files;
  Registry registry;
  std::vector<Call> calls;
  /// True: composites load without passing their global_conf, as OpenStack's do.
  bool composites_pass_nothing = false;

 private:
  struct Stub {
    std::string text;
    wsgi::Response operator()(wsgi::Request&) const { return wsgi::Response{}; }
  };

  static Application object(std::string text) { return Stub{std::move(text)}; }
  static std::string text_of(const Application& application) {
    return application.target<Stub>()->text;
  }

  Registry::Factory stub(const std::string& spec, Registry::Kind kind) {
    const auto note = [this, spec](const Settings& global_conf, const Settings& local_conf) {
      calls.push_back({spec, global_conf, local_conf});
    };
    const auto wrapped = [spec](const Application& next) {
      return object(spec + "(" + text_of(next) + ")");
    };
    switch (kind) {
      case Registry::Kind::app:
        return Registry::AppFactory{[=](const Settings& global_conf, const Settings& local_conf) {
          note(global_conf, local_conf);
          return object(spec);
        }};
      case Registry::Kind::composite:
        return composite(spec);
      case Registry::Kind::filter:
        return Registry::FilterFactory{
            [=](const Settings& global_conf, const Settings& local_conf) -> wsgi::Filter {
              note(global_conf, local_conf);
              return wrapped;
            }};
      case Registry::Kind::filter_app:
        return Registry::FilterAppFactory{
            [=](const Application& next, const Settings& global_conf, const Settings& local_conf) {
              note(global_conf, local_conf);
              return wrapped(next);
            }};
      case Registry::Kind::server:
        return Registry::ServerFactory{
            [=](const Settings& global_conf, const Settings& local_conf) -> wsgi::ServiceMaker {
              note(global_conf, local_conf);
              return [](const Application&) { return std::unique_ptr<ServiceBase>{}; };
            }};
      case Registry::Kind::server_runner:
        return Registry::ServerRunner{
            [=](const Application&, const Settings& global_conf, const Settings& local_conf) {
              note(global_conf, local_conf);
              return std::unique_ptr<ServiceBase>{};
            }};
    }
    return {};
  }

  Registry::CompositeFactory composite(const std::string& spec) {
    return [this, spec](wsgi::Loader& loader, const Settings& global_conf,
                        const Settings& local_conf) {
      calls.push_back({spec, global_conf, local_conf});
      std::string text;
      for (const auto& [key, name] : local_conf) {
        text += (text.empty() ? "" : ", ") + key + " = " +
                text_of(loader.get_app(name, composites_pass_nothing ? nullptr : &global_conf));
      }
      return object(spec + "{" + text + "}");
    };
  }
};

}  // namespace thane::testing
