// Loads one object of a Paste file with factories that only note how they are called, and prints
// what came of it as one JSON object.
//
//   paste_adapter KIND FILE NAME GLOBAL_CONF_JSON [URI RELATIVE_TO]
//
// KIND: app, filter, server or config. An empty NAME is none. URI stands in for config:FILE.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <thane/service_base.hpp>
#include <thane/wsgi/loader.hpp>

namespace wsgi = thane::wsgi;
using Json = nlohmann::ordered_json;
using wsgi::Application;
using wsgi::Filter;
using wsgi::Registry;
using wsgi::Settings;

namespace {

// An application that knows how it came about.
struct Stub {
  std::shared_ptr<const Json> tree;
  wsgi::Response operator()(wsgi::Request&) const { return wsgi::Response{}; }
};

Application stub(Json tree) {
  return Stub{std::make_shared<const Json>(std::move(tree))};
}

Json tree_of(const Application& application) {
  const auto* known = application.target<Stub>();
  return known == nullptr ? Json{} : *known->tree;
}

class StubServer final : public thane::ServiceBase {
 public:
  explicit StubServer(std::string spec) : spec_(std::move(spec)) {}
  [[nodiscard]] const std::string& spec() const { return spec_; }
  void start() override {}
  void stop() noexcept override {}
  void wait() override {}
  void reset() override {}

 private:
  std::string spec_;
};

Json object_of(const Settings& settings) {
  Json result = Json::object();
  for (const auto& [key, value] : settings) {
    result[key] = value;
  }
  return result;
}

// The name behind the last ':', '#' or '.'.
std::string_view last_name(std::string_view spec) {
  const std::size_t end = spec.find_last_of(":#.");
  return end == spec.npos ? spec : spec.substr(end + 1);
}

// All factories that there are: each notes its calls here.
class Stubs {
 public:
  std::optional<Registry::Factory> resolve(const std::string& spec, Registry::Kind wanted) {
    const std::string_view name = last_name(spec);
    if (spec.starts_with("egg:") &&
        (name == "urlmap" || name == "cascade" || name == "remote_addr")) {
      return composite(spec);
    }
    if (spec.starts_with("egg:") && name.ends_with("_filter_app")) {
      return filter_app(spec);
    }
    switch (wanted) {
      case Registry::Kind::app:
        return app(spec);
      case Registry::Kind::composite:
        return composite(spec);
      case Registry::Kind::filter:
        return filter(spec);
      case Registry::Kind::filter_app:
        return filter_app(spec);
      case Registry::Kind::server:
        return server(spec);
      case Registry::Kind::server_runner:
        return server_runner(spec);
    }
    return std::nullopt;
  }

  [[nodiscard]] const Json& calls() const { return calls_; }

 private:
  void note(const std::string& spec, const Settings& global_conf, const Settings& local_conf) {
    calls_.push_back({{"factory", spec},
                      {"global_conf", object_of(global_conf)},
                      {"local_conf", object_of(local_conf)}});
  }

  Registry::AppFactory app(const std::string& spec) {
    return [this, spec](const Settings& global_conf, const Settings& local_conf) {
      note(spec, global_conf, local_conf);
      return stub({{"object", spec}});
    };
  }

  Registry::FilterFactory filter(const std::string& spec) {
    return [this, spec](const Settings& global_conf, const Settings& local_conf) -> Filter {
      note(spec, global_conf, local_conf);
      return [spec](const Application& next) {
        return stub({{"filter", spec}, {"next", tree_of(next)}});
      };
    };
  }

  Registry::FilterAppFactory filter_app(const std::string& spec) {
    return [this, spec](const Application& next, const Settings& global_conf,
                        const Settings& local_conf) {
      note(spec, global_conf, local_conf);
      return stub({{"filter", spec}, {"next", tree_of(next)}});
    };
  }

  Registry::CompositeFactory composite(const std::string& spec) {
    return [this, spec](wsgi::Loader& loader, const Settings& global_conf,
                        const Settings& local_conf) {
      note(spec, global_conf, local_conf);
      const bool pipelines = last_name(spec).find("pipeline_factory") != std::string_view::npos;
      return stub({{"composite", spec},
                   {"map", pipelines ? openstack_pipeline(loader, local_conf)
                                     : url_map(loader, global_conf, local_conf)}});
    };
  }

  static Json url_map(wsgi::Loader& loader, const Settings& global_conf,
                      const Settings& local_conf) {
    Json map = Json::object();
    for (const auto& [key, name] : local_conf) {
      if (!key.starts_with("addr.")) {
        map[key] = tree_of(loader.get_app(name, &global_conf));
      }
    }
    return map;
  }

  // As the pipeline_factory of OpenStack's services, with keystone as auth_strategy.
  static Json openstack_pipeline(wsgi::Loader& loader, const Settings& local_conf) {
    if (local_conf.empty()) {
      throw std::invalid_argument("there is no pipeline to choose from");
    }
    const std::string key =
        local_conf.contains("keystone") ? "keystone" : local_conf.begin()->first;
    auto names = local_conf.get_words(key);
    if (names.empty()) {
      throw std::invalid_argument("the pipeline " + key + " is empty");
    }
    std::vector<Filter> filters;
    for (std::size_t i = 0; i + 1 < names.size(); ++i) {
      filters.push_back(loader.get_filter(names[i]));
    }
    Application application = loader.get_app(names.back());
    for (; !filters.empty(); filters.pop_back()) {
      application = filters.back()(std::move(application));
    }
    return {{key, tree_of(application)}};
  }

  Registry::ServerFactory server(const std::string& spec) {
    return [this, spec](const Settings& global_conf, const Settings& local_conf) {
      note(spec, global_conf, local_conf);
      return [spec](const Application&) { return std::make_unique<StubServer>(spec); };
    };
  }

  Registry::ServerRunner server_runner(const std::string& spec) {
    return
        [this, spec](const Application&, const Settings& global_conf, const Settings& local_conf) {
          note(spec, global_conf, local_conf);
          return std::make_unique<StubServer>(spec);
        };
  }

  Json calls_ = Json::array();
};

// A filter alone, out of what it makes of nothing: its innermost part becomes an object.
Json alone(const Json& tree) {
  if (tree.is_object() && tree.contains("filter")) {
    if (tree["next"].is_null()) {
      return {{"object", tree["filter"]}};
    }
    return {{"filter", tree["filter"]}, {"next", alone(tree["next"])}};
  }
  return tree;
}

struct Request {
  std::string kind;
  std::string uri;
  std::optional<std::string> name;
  wsgi::LoadOptions options;
};

Json load(const Request& request) {
  Stubs stubs;
  Registry registry;
  registry.set_resolver(
      [&](const std::string& spec, Registry::Kind wanted) { return stubs.resolve(spec, wanted); });
  // What `require` may ask for; there is nothing here to look it up in.
  for (const char* distribution :
       {"Paste", "PasteDeploy", "PasteScript", "Routes", "WebOb", "setuptools", "pip"}) {
    registry.add_distribution(distribution);
  }
  if (request.kind == "config") {
    const auto config = wsgi::app_config(registry, request.uri, request.name, request.options);
    return {{"ok", true},
            {"global_conf", object_of(config.global_conf)},
            {"local_conf", object_of(config.local_conf)}};
  }
  Json tree;
  Json calls;  // Noted before the filter or server is tried out, which may be calls as well.
  if (request.kind == "app") {
    tree = tree_of(wsgi::load_app(registry, request.uri, request.name, request.options));
    calls = stubs.calls();
  } else if (request.kind == "filter") {
    const auto filter = wsgi::load_filter(registry, request.uri, request.name, request.options);
    calls = stubs.calls();
    tree = alone(tree_of(filter(stub({}))));
  } else {
    const auto server = wsgi::load_server(registry, request.uri, request.name, request.options);
    calls = stubs.calls();
    const auto made = server(stub({}));
    tree = {{"object", dynamic_cast<const StubServer&>(*made).spec()}};
  }
  return {{"ok", true}, {"tree", tree}, {"calls", calls}};
}

Settings settings_of(const std::string& json) {
  Settings result;
  if (json.empty()) {
    return result;
  }
  const Json object = Json::parse(json);
  for (const auto& [key, value] : object.items()) {
    result.set(key, value.is_string() ? value.get<std::string>() : value.dump());
  }
  return result;
}

Request parse(const std::vector<std::string>& arguments) {
  Request request{arguments[0], "config:" + arguments[1], {}, {}};
  request.options.relative_to = std::filesystem::current_path().string();
  if (!arguments[2].empty()) {
    request.name = arguments[2];
  }
  request.options.global_conf = settings_of(arguments[3]);
  if (arguments.size() > 4 && !arguments[4].empty()) {
    request.uri = arguments[4];
    request.options.relative_to = arguments.size() > 5 ? arguments[5] : "";
  }
  return request;
}

Json outcome(const std::vector<std::string>& arguments) {
  try {
    return load(parse(arguments));
  } catch (const wsgi::load_error& error) {
    return {{"ok", false}, {"category", to_string(error.category())}, {"message", error.what()}};
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const bool known = !arguments.empty() && (arguments[0] == "app" || arguments[0] == "filter" ||
                                            arguments[0] == "server" || arguments[0] == "config");
  if (!known || arguments.size() < 4 || arguments.size() > 6) {
    std::fputs(
        "usage: paste_adapter app|filter|server|config FILE NAME GLOBAL_CONF_JSON"
        " [URI RELATIVE_TO]\n",
        stderr);
    return 2;
  }
  try {
    std::printf("%s\n", outcome(arguments).dump().c_str());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "paste_adapter: %s\n", error.what());
    return 1;
  }
}
