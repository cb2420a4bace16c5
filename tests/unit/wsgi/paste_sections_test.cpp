// Which section is loaded for which name: rules 1 to 4 and 17 of docs/paste.md.
#include <doctest/doctest.h>

#include <string>

#include "paste/session.hpp"
#include "paste_world.hpp"

using thane::testing::PasteWorld;
using Category = PasteWorld::Category;

namespace {

const std::string made = "\npaste.app_factory = m:app\n";

TEST_CASE("a config: reference is of any case, percent-encoded, with a name behind #") {
  PasteWorld world{"[app:main]" + made + "[app:b]\npaste.app_factory = m:b\n"};
  CHECK(world.app() == "m:app");
  CHECK(world.app_at("config:/etc/p.ini#b") == "m:b");
  CHECK(world.app_at("CONFIG:///etc/x/..//%70.ini") == "m:app");
  world.files["/etc/a b#.ini"] = "[app:main]\npaste.app_factory = m:c\n";
  CHECK(world.app_at("config:/etc/a%20b%23.ini") == "m:c");
}

TEST_CASE("the name that is passed goes before the one in the reference") {
  PasteWorld world{"[app:main]" + made + "[app:b]\npaste.app_factory = m:b\n"};
  CHECK(world.app_at("config:/etc/p.ini#nothing", "b") == "m:b");
  CHECK(world.app("config:/etc/p.ini#b") == "m:b");
  CHECK(world.app("egg:D#e") == "egg:D#e");
}

TEST_CASE("a relative path needs relative_to") {
  PasteWorld world{"[app:main]" + made};
  CHECK(world.app_at("config:p.ini", {}, {}, "/etc") == "m:app");
  CHECK(world.app_at("config:../etc/p.ini", {}, {}, "/usr/") == "m:app");
  CHECK(world.app_at("config:etc\\p.ini", {}, {}, "..") == "m:app");  // Below /work.
  const auto error = world.error_of([&] { world.app_at("config:p.ini"); });
  CHECK(error.category() == Category::value);
  CHECK(std::string{error.what()} ==
        "Cannot resolve relative uri \"config:p.ini\"; give an absolute path, or relative_to");
}

TEST_CASE("a reference without a scheme, or with one that nobody knows, is a lookup error") {
  PasteWorld world{""};
  for (const char* uri : {"/etc/p.ini", "ftp:/etc/p.ini", "p.ini#main", ""}) {
    const auto error = world.error_of([&] { world.app_at(uri); });
    CHECK(error.category() == Category::lookup);
  }
}

TEST_CASE("a file that is missing is named, and who names it") {
  PasteWorld world{"[app:main]\nuse = config:none.ini\n"};
  const auto error = world.app_error();
  CHECK(error.category() == Category::missing_file);
  CHECK(error.file() == "/etc/none.ini");
  CHECK(std::string{error.what()} ==
        "/etc/p.ini:2: the file /etc/none.ini cannot be read: No such file or directory; \"use\" "
        "of [app:main] names it");
}

TEST_CASE("eggs and functions are loaded without a file") {
  PasteWorld world{""};
  CHECK(world.app_at("egg:Dist") == "egg:Dist#main");
  CHECK(world.app_at("EGG:Dist#one") == "egg:Dist#one");
  CHECK(world.app_at("egg:Dist", "two") == "egg:Dist#two");
  CHECK(world.app_at("egg:Dist#egg:Other#three") == "egg:Other#three");
  CHECK(world.app_at("call:m.n:f") == "call:m.n:f");
  CHECK(world.error_of([&] { world.app_at("call:m"); }).category() == Category::lookup);
  CHECK(world.error_of([&] { world.app_at("call:m:f:g"); }).category() == Category::value);
}

TEST_CASE("a section is prefix, colon and name; blanks count nowhere but around the name") {
  PasteWorld world{"[app: x ]" + made + "[app :y]" + made + "[App:z]" + made + "[app]" + made};
  CHECK(world.app("x") == "m:app");
  for (const char* name : {"y", "z", "X", "main"}) {
    CHECK(world.app_error(name).category() == Category::lookup);
  }
}

TEST_CASE("applications have six prefixes, filters and servers one") {
  PasteWorld world{
      "[application:a]\npaste.app_factory = m:a\n[composit:b]\npaste.composit_factory = m:b\n"
      "[composite:c]\npaste.composite_factory = m:c\n[pipeline:d]\npipeline = f a\n"
      "[filter-app:e]\nuse = f\nnext = a\n[filter:f]\npaste.filter_factory = m:f\n"
      "[server:s]\npaste.server_factory = m:s\n[server:r]\npaste.server_runner = m:r\nk = v\n"};
  CHECK(world.app("a") == "m:a");
  CHECK(world.app("b") == "m:b{}");
  CHECK(world.app("c") == "m:c{}");
  CHECK(world.app("d") == "m:f(m:a)");
  CHECK(world.app("e") == "m:f(m:a)");
  CHECK(world.filter("f") == "m:f(next)");
  world.calls.clear();
  CHECK(world.server("s") != nullptr);
  CHECK(world.server("r") != nullptr);  // A runner is called with the application, later.
  CHECK(world.called() == std::vector<std::string>{"m:s"});
}

TEST_CASE("of two spellings in one group the first wins, two groups are ambiguous") {
  PasteWorld world{"[application:x]\npaste.app_factory = m:2\n[app:x]\npaste.app_factory = m:1\n"};
  CHECK(world.app("x") == "m:1");
  world.files["/etc/p.ini"] += "[pipeline:x]\npipeline = y\n";
  const auto error = world.app_error("x");
  CHECK(error.category() == Category::lookup);
  CHECK(error.line() == 5);
  CHECK(std::string{error.what()} ==
        "/etc/p.ini:5: Ambiguous section names [app:x] at line 3 and [pipeline:x] at line 5 for "
        "\"x\"; rename one of them");
  PasteWorld twice{"[app:x]" + made + "[app: x]" + made};
  CHECK(twice.app_error("x").category() == Category::lookup);
}

TEST_CASE("an application in the place of a filter is not found, and the error says why") {
  PasteWorld world{"[pipeline:main]\npipeline = x x\n[app:x]" + made};
  const auto error = world.app_error();
  CHECK(error.category() == Category::lookup);
  CHECK(error.section() == "pipeline:main");
  CHECK(error.line() == 2);
  CHECK(std::string{error.what()} ==
        "/etc/p.ini:2: No section \"x\" (prefixed by \"filter\") found in config /etc/p.ini; "
        "\"pipeline\" of [pipeline:main] names it; line 3 has [app:x], which is of another kind");
}

TEST_CASE("an error for a name that is not there suggests what may be meant") {
  PasteWorld world{"[app:shopfront]" + made + "[app:other]" + made + "[app:main\n"};
  CHECK(std::string{world.app_error("shopfornt").what()}.ends_with(
      "; line 5 looks like a section header that is not closed"));
  world.files["/etc/p.ini"] = "[app:shopfront]" + made;
  CHECK(
      std::string{world.app_error("shopfornt").what()}.ends_with("; did you mean \"shopfront\"?"));
}

}  // namespace
