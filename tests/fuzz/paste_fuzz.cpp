// Any bytes as a Paste file: either an object or one line that says what is wrong.
#include <thane/assert.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <thane/wsgi/loader.hpp>

#include "fuzz_target.hpp"
#include "paste/ini_file.hpp"
#include "paste/session.hpp"
#include "paste/unicode_text.hpp"

namespace wsgi = thane::wsgi;
using wsgi::Registry;
using wsgi::Settings;

namespace {

constexpr std::size_t most_objects = 200;  // So that what grows without end ends soon.

// Every name has a factory: those of eggs that end with "m" are composites of all that they name.
std::optional<Registry::Factory> resolve(const std::string& spec, Registry::Kind wanted) {
  const auto app = [](const auto&...) -> wsgi::Application {
    return [](wsgi::Request&) { return wsgi::Response{}; };
  };
  if (spec.ends_with('m') || wanted == Registry::Kind::composite) {
    return Registry::CompositeFactory{
        [app](wsgi::Loader& loader, const Settings& global_conf, const Settings& local_conf) {
          for (const auto& [key, name] : local_conf) {
            (void)loader.get_app(name, &global_conf);
            (void)loader.get_filter(name);
          }
          return app();
        }};
  }
  switch (wanted) {
    case Registry::Kind::app:
      return Registry::AppFactory{app};
    case Registry::Kind::filter:
      return Registry::FilterFactory{
          [](const auto&...) { return [](wsgi::Application next) { return next; }; }};
    case Registry::Kind::filter_app:
      return Registry::FilterAppFactory{app};
    default:
      return std::nullopt;
  }
}

void check_ini(const wsgi::internal::IniFile& ini) {
  for (const auto& section : ini.sections) {
    THANE_ASSERT(section.line > 0 && !section.name.empty());
    THANE_ASSERT(section.lines.size() == section.values.size());
    for (const auto& [key, value] : section.values) {
      THANE_ASSERT(!key.empty() && wsgi::internal::strip_space(key) == key);
      THANE_ASSERT(wsgi::internal::strip_end(value) == value);
      THANE_ASSERT(section.lines.at(key) > section.line);
    }
  }
}

template <class Load>
void expect_object_or_error(Load load) {
  try {
    load();
  } catch (const wsgi::load_error& error) {
    const std::string_view message{error.what()};
    THANE_ASSERT(!message.empty() && message.find('\n') == message.npos);
    THANE_ASSERT(error.line() >= 0);
  }
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  return {
      "[app:main]\nuse = a\nx = %(y)s\nset g = 1\nget l = g\n[DEFAULT]\ny : %%d\n"
      "[app:a]\npaste.app_factory = m:a\n",
      "[pipeline:main]\npipeline = f g main2\n[filter:f]\nuse = egg:D#f\nfilter-with = g\n"
      "[filter:g]\r\npaste.filter_app_factory = m:g\r\n[app:main2]\nuse = call:m:f\n",
      "[composite:main]\nuse = egg:P#m\n/: a\n/b = config:p.ini#c\n[app:a]\nuse = egg:D\n"
      "[filter-app:c]\nuse = f\nnext = a\n[filter:f]\npaste.filter_factory = m:f\n",
      "; comment\n[app:main]\nuse = config:p.ini#a\n  # in between\n\n    more\n",
      "\xef\xbb\xbf[app:main]\n",
      "[app:main] text\nk = %(here)s %(a)s\na = %(k)s\n"};
}

std::string fuzz_alphabet() {
  return "\r\n\t []=:#;%%()s/.,-abcdfgmuseniptlgcall";
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text{reinterpret_cast<const char*>(data), size};
  expect_object_or_error([&] { check_ini(wsgi::internal::read_ini_file(text, "/p.ini")); });

  static const Registry registry = [] {
    Registry result;
    result.set_resolver(resolve);
    return result;
  }();
  const auto read = [&](const std::string&) { return text; };
  using wsgi::internal::Role;
  using wsgi::internal::Session;
  expect_object_or_error([&] {
    Session session{registry, {read, "/"}, most_objects};
    if (size % 2 == 0) {
      (void)make_app(session, *session.look_up("config:/p.ini", {}, {.role = Role::application}));
    } else {
      (void)make_filter(session, *session.look_up("config:/p.ini#f", {}, {.role = Role::filter}));
    }
  });
  return 0;
}
