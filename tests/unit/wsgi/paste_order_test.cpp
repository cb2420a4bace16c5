// In which order factories are called, and what becomes of loops: rules 12 to 15 of docs/paste.md.
#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "paste/session.hpp"
#include "paste_world.hpp"

using thane::testing::PasteWorld;
using Category = PasteWorld::Category;
using Settings = PasteWorld::Settings;
using Calls = std::vector<std::string>;

namespace {

const std::string parts =
    "[app:app]\npaste.app_factory = m:app\n[filter:a]\npaste.filter_factory = m:a\n"
    "[filter:b]\npaste.filter_factory = m:b\n[filter:late]\npaste.filter_app_factory = m:late\n";

TEST_CASE("a pipeline makes its application, then its filters, and wraps from the inside") {
  PasteWorld world{"[pipeline:main]\npipeline = a b\n   late app\n" + parts};
  CHECK(world.app() == "m:a(m:b(m:late(m:app)))");
  CHECK(world.called() == Calls{"m:app", "m:a", "m:b", "m:late"});
}

TEST_CASE("a filter-app makes what is next first") {
  PasteWorld world{"[filter-app:main]\nuse = a\nnext = app\n" + parts};
  CHECK(world.app() == "m:a(m:app)");
  CHECK(world.called() == Calls{"m:app", "m:a"});
  PasteWorld missing{"[filter-app:main]\nuse = a\n" + parts};
  CHECK(std::string{missing.app_error().what()} ==
        "/etc/p.ini:1: [filter-app:main]: the section is missing a 'next' setting");
}

TEST_CASE("filter-with makes the filter first, and the last of a chain is the outermost") {
  PasteWorld world{
      "[app:main]\nuse = app\nfilter-with = c\n[filter:c]\npaste.filter_factory = m:c\n"
      "filter-with = b\nk = v\n" +
      parts};
  CHECK(world.app() == "m:b(m:c(m:app))");
  CHECK(world.called() == Calls{"m:b", "m:c", "m:app"});
  CHECK(world.call_of("m:c").local_conf == Settings{{"k", "v"}});
  CHECK(world.filter("c") == "m:b(m:c(next))");
}

TEST_CASE("filter-with is around all that has it: what uses another section, and a pipeline") {
  PasteWorld world{
      "[app:main]\nuse = inner\nfilter-with = a\n[app:inner]\nuse = app\nfilter-with = b\n"
      "[pipeline:p]\npipeline = late main\nfilter-with = b\n" +
      parts};
  CHECK(world.app() == "m:a(m:b(m:app))");
  CHECK(world.app("p") == "m:b(m:late(m:a(m:b(m:app))))");
}

TEST_CASE("a composite's factory gets its keys in the order of the file, and asks for names") {
  PasteWorld world{
      "[composite:main]\nuse = egg:P#urlmap\n/z = app\n/: egg:D#x\n/a = config:other.ini\n" +
      parts};
  world.files["/etc/other.ini"] = "[app:main]\npaste.app_factory = m:other\n";
  CHECK(world.app() == "egg:P#urlmap{/z = m:app, / = egg:D#x, /a = m:other}");
  CHECK(world.called() == Calls{"egg:P#urlmap", "m:app", "egg:D#x", "m:other"});
}

TEST_CASE("a composite may ask for filters, as OpenStack's pipeline factories do") {
  PasteWorld world{"[composite:main]\nuse = call:m:pipe\nkeystone = a b app\n" + parts};
  world.registry.add_composite(
      "call:m:pipe", [](thane::wsgi::Loader& loader, const Settings&, const Settings& local) {
        const auto names = local.get_words("keystone");
        auto app = loader.get_app(names[2]);
        for (int i : {1, 0}) app = loader.get_filter(names[static_cast<std::size_t>(i)])(app);
        return app;
      });
  CHECK(world.app() == "m:a(m:b(m:app))");
}

TEST_CASE("a filter_app factory is called for each application that it is put around") {
  PasteWorld world{
      "[composite:main]\nuse = egg:P#urlmap\n/1 = p\n/2 = q\n[pipeline:p]\npipeline = late app\n"
      "[pipeline:q]\npipeline = late app\n" +
      parts};
  CHECK(world.app() == "egg:P#urlmap{/1 = m:late(m:app), /2 = m:late(m:app)}");
  CHECK(world.called() == Calls{"egg:P#urlmap", "m:app", "m:late", "m:app", "m:late"});
  world.calls.clear();
  CHECK(world.filter("late") == "m:late(next)");
  CHECK(world.called() == Calls{"m:late"});
}

TEST_CASE("sections that form a loop are an error that shows it") {
  const auto loop_of = [](const std::string& text) {
    PasteWorld world{text};
    const auto error = world.app_error();
    CHECK(error.category() == Category::loop);
    const std::string what{error.what()};
    const auto begin = what.find("form a loop, ") + 13;
    return what.substr(begin, what.find(';') - begin);
  };
  CHECK(loop_of("[app:main]\nuse = main\n") == "main -> main");
  CHECK(loop_of("[app:main]\nuse = a\n[app:a]\nuse = main\n") == "main -> a -> main");
  CHECK(loop_of("[pipeline:main]\npipeline = main\n") == "main -> main");
  CHECK(loop_of("[pipeline:main]\npipeline = x\n[app:x]\nuse = y\n[app:y]\nuse = x\n") ==
        "main -> x -> y -> x");
  CHECK(loop_of("[app:main]\nuse = egg:D\nfilter-with = f\n[filter:f]\nuse = egg:D\n"
                "filter-with = f\n") == "main -> f -> f");
  CHECK(loop_of("[composite:main]\nuse = egg:P#urlmap\n/ = p\n[pipeline:p]\npipeline = main\n") ==
        "main -> p -> main");
}

TEST_CASE("a loop through another file names the file") {
  PasteWorld world{"[app:main]\nuse = config:other.ini\n"};
  world.files["/etc/other.ini"] = "[app:main]\nuse = config:p.ini\n";
  const auto error = world.app_error();
  CHECK(error.file() == "/etc/other.ini");
  CHECK(error.line() == 2);
  CHECK(std::string{error.what()}.find("main -> other.ini#main -> main;") != std::string::npos);
}

TEST_CASE("a section may be at work twice, one after the other") {
  PasteWorld world{
      "[composite:main]\nuse = egg:P#urlmap\n/a = p\n/b = p\n[pipeline:p]\n"
      "pipeline = a a app\n" +
      parts};
  CHECK(world.app() == "egg:P#urlmap{/a = m:a(m:a(m:app)), /b = m:a(m:a(m:app))}");
}

TEST_CASE("sections that lead on without end are an error") {
  std::string chain = "[app:main]\nuse = s0\n";
  std::string fan = "[filter:main]\nuse = f0\n";
  for (int i = 0; i < 70; ++i) {
    const auto next = std::to_string(i + 1), here = std::to_string(i);
    chain += "[app:s" + here + "]\nuse = s" + next + "\n";
    fan += "[filter:f" + here + "]\nuse = f" + next + "\n";
    fan += i < 30 ? "filter-with = f" + next + "\n" : "";
    fan += i == 50 ? "[filter:f51]\npaste.filter_factory = m:f\n[filter:unused]\nk = v\n" : "";
    if (i == 50) break;
  }
  for (int i = 51; i < 70; ++i) {
    chain += "[app:s" + std::to_string(i) + "]\nuse = s" + std::to_string(i + 1) + "\n";
  }
  PasteWorld deep{chain + "[app:s70]\npaste.app_factory = m:a\n"};
  CHECK(deep.app("s10") == "m:a");
  CHECK(deep.app_error().category() == Category::loop);
  PasteWorld wide{fan};
  const auto error = wide.error_of([&] { wide.filter(); });
  CHECK(std::string{error.what()}.find("10000 objects") != std::string::npos);
}

TEST_CASE("what a factory says of its settings is told with the place") {
  PasteWorld world{"[app:main]\n\nuse = egg:D#number\nworkers = many\n" + parts};
  world.registry.add_app("egg:D#number", [](const Settings&, const Settings& local) {
    (void)local.get_integer("workers", 1);
    return [](thane::wsgi::Request&) { return thane::wsgi::Response{}; };
  });
  const auto error = world.app_error();
  CHECK(error.category() == Category::value);
  CHECK(error.section() == "app:main");
  CHECK(std::string{error.what()} ==
        "/etc/p.ini:3: [app:main]: egg:D#number refuses: workers = \"many\" is not a whole "
        "number");
}

TEST_CASE("a factory that returns nothing is an error, and other exceptions pass as they are") {
  PasteWorld world{"[app:main]\nuse = egg:D#nothing\n[app:bad]\nuse = egg:D#bad\n"};
  world.registry.add_app(
      "egg:D#nothing", [](const Settings&, const Settings&) { return thane::wsgi::Application{}; });
  world.registry.add_app("egg:D#bad",
                         [](const Settings&, const Settings&) -> thane::wsgi::Application {
                           throw std::runtime_error("as it is");
                         });
  CHECK(world.app_error().category() == Category::value);
  CHECK_THROWS_WITH_AS(world.app("bad"), "as it is", std::runtime_error);
}

}  // namespace
