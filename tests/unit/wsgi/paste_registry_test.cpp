#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <thane/wsgi/registry.hpp>

#include "paste/session.hpp"
#include "paste_world.hpp"

using thane::testing::PasteWorld;
using thane::wsgi::Application;
using thane::wsgi::Filter;
using thane::wsgi::Registry;
using thane::wsgi::Settings;
using Category = PasteWorld::Category;
using Kind = Registry::Kind;

namespace {

Application make_app(const Settings&, const Settings&) {
  return [](thane::wsgi::Request&) { return thane::wsgi::Response{}; };
}
Filter make_filter(const Settings&, const Settings&) {
  return [](Application next) { return next; };
}
Application make_composite(thane::wsgi::Loader&, const Settings&, const Settings&) {
  return make_app({}, {});
}

// A world whose program has these factories alone.
struct Shop : PasteWorld {
  explicit Shop(const std::string& text) : PasteWorld(text) {
    registry.set_resolver({});
    registry.add_app("egg:shop#api", make_app);
    registry.add_app("egg:shop#admin", make_app);
    registry.add_filter("egg:shop#audit", make_filter);
    registry.add_app("shop.api:make_api", make_app);
    registry.add_composite("call:shop.api:root", make_composite);
  }
};

TEST_CASE("a factory is found by its name and kind") {
  Registry registry;
  registry.add_app("egg:My.Dist#one", make_app);
  registry.add_filter("egg:My.Dist#one", make_filter);
  registry.add_app("egg:Other", make_app);
  CHECK(registry.find("egg:my-dist#one", Kind::app).has_value());
  CHECK(registry.find("egg:MY_.DIST#one", Kind::filter).has_value());
  CHECK(registry.find("egg:Other#main", Kind::app).has_value());
  CHECK_FALSE(registry.find("egg:My.Dist#One", Kind::app).has_value());
  CHECK_FALSE(registry.find("egg:My.Dist#one", Kind::composite).has_value());
  CHECK(registry.kinds_of("egg:my.dist#one") == std::vector{Kind::app, Kind::filter});
  CHECK(registry.has_distribution("my_dist"));
  CHECK_FALSE(registry.has_distribution("dist"));
}

TEST_CASE("names of no known form, empty functions and second factories are refused") {
  Registry registry;
  for (const char* bad : {"", "egg:", "call:m", "m : a", "m:a:b", "m:a [x]"}) {
    CHECK_THROWS_AS(registry.add_app(bad, make_app), std::invalid_argument);
  }
  CHECK_THROWS_AS(registry.add_app("m:a", {}), std::invalid_argument);
  registry.add_app("egg:D#main", make_app);
  CHECK_THROWS_AS(registry.add_app("egg:d", make_app), std::invalid_argument);
}

TEST_CASE("a factory that is not there: file, section, line, name and those that are near") {
  Shop shop{"[app:main]\nk = v\nuse = egg:shop#apo\n"};
  const auto error = shop.app_error();
  CHECK(error.category() == Category::lookup);
  CHECK(error.file() == "/etc/p.ini");
  CHECK(error.section() == "app:main");
  CHECK(error.line() == 3);
  CHECK(std::string{error.what()} ==
        "/etc/p.ini:3: the program has no factory \"egg:shop#apo\" of kind app or composite, for "
        "[app:main]; closest to it are egg:shop#api, egg:shop#admin, egg:shop#audit");
}

TEST_CASE("the same attribute of another module is nearest") {
  Shop shop{"[app:main]\npaste.app_factory = storefront.version_two.views:make_api\n"};
  CHECK(std::string{shop.app_error().what()}.find("closest to it are shop.api:make_api,") !=
        std::string::npos);
}

TEST_CASE("a factory of another kind is said to be one") {
  Shop shop{"[app:main]\nuse = egg:shop#audit\n[app:root]\nuse = call:shop.api:root\n"};
  CHECK(std::string{shop.app_error().what()}.ends_with("; it has one of kind filter"));
  CHECK(std::string{shop.app_error("root").what()}.ends_with("; it has one of kind composite"));
}

TEST_CASE("all factories are looked up before the first is called") {
  Shop shop{
      "[pipeline:main]\npipeline = f a\n[filter:f]\nuse = egg:shop#none\n[app:a]\n"
      "use = egg:shop#counted\n"};
  int calls = 0;
  shop.registry.add_app("egg:shop#counted", [&](const Settings& global, const Settings& local) {
    ++calls;
    return make_app(global, local);
  });
  CHECK(shop.app_error().category() == Category::lookup);
  CHECK(calls == 0);
}

TEST_CASE("an egg's name for both an app and a composite is ambiguous") {
  Shop shop{"[app:main]\nuse = egg:shop#api\n"};
  CHECK_NOTHROW(shop.config());
  shop.registry.add_composite("egg:shop#api", make_composite);
  CHECK(std::string{shop.app_error().what()}.find("Ambiguous entry points") != std::string::npos);
}

TEST_CASE("the resolver is asked for what is not registered, with the kind wanted") {
  Shop shop{
      "[pipeline:main]\npipeline = f a\n[filter:f]\npaste.filter_app_factory = m:f\n[app:a]\n"
      "use = egg:shop#other\n"};
  std::string asked;
  shop.registry.set_resolver([&](const std::string& spec, Kind wanted) {
    asked += spec + (wanted == Kind::app ? " app, " : " filter_app, ");
    return std::optional<Registry::Factory>{};
  });
  CHECK(shop.app_error().category() == Category::lookup);
  CHECK(asked == "egg:shop#other app, ");
  shop.registry.set_resolver([&](const std::string&, Kind wanted) {
    return wanted == Kind::app ? std::optional<Registry::Factory>{make_filter} : std::nullopt;
  });
  CHECK(shop.app_error().category() == Category::lookup);  // Of a kind that does not fit.
}

}  // namespace
