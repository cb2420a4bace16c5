// What becomes global_conf and what local_conf: rules 6 to 9 and 11 of docs/paste.md.
#include <doctest/doctest.h>

#include <string>

#include "paste/session.hpp"
#include "paste_world.hpp"

using thane::testing::PasteWorld;
using Category = PasteWorld::Category;
using Settings = PasteWorld::Settings;

namespace {

TEST_CASE("global_conf is DEFAULT with here and __file__, local_conf the section's own keys") {
  PasteWorld world{
      "[DEFAULT]\nD = %(here)s/d\n[app:main]\npaste.app_factory = m:a\nb = 2\na = 1\n"};
  CHECK(world.app() == "m:a");
  CHECK(world.calls[0].global_conf ==
        Settings{{"here", "/etc"}, {"__file__", "/etc/p.ini"}, {"D", "/etc/d"}});
  CHECK(world.calls[0].local_conf == Settings{{"b", "2"}, {"a", "1"}});
}

TEST_CASE("a key that is also in DEFAULT is in neither, but in what refers to it") {
  PasteWorld world{"[DEFAULT]\nk = 1\n[app:main]\npaste.app_factory = m:a\nk = 2\nl = %(k)s\n"};
  CHECK(world.local() == Settings{{"l", "2"}});
  CHECK(world.config().global_conf.get("k") == "1");
}

TEST_CASE("keys keep their case") {
  PasteWorld world{"[DEFAULT]\nKey = 1\n[app:main]\npaste.app_factory = m:a\nkey = 2\n"};
  CHECK(world.local() == Settings{{"key", "2"}});
}

TEST_CASE("what is passed becomes a default: it swallows local keys too") {
  PasteWorld world{"[app:main]\npaste.app_factory = m:a\nk = 2\n"};
  const auto config = world.config({}, {{"k", "passed"}});
  CHECK(config.local_conf.empty());
  CHECK(config.global_conf.get("k") == "passed");
  CHECK(config.merged().get("k") == "passed");
}

TEST_CASE("what is passed wins in global_conf, DEFAULT wins within %(x)s") {
  PasteWorld world{"[DEFAULT]\nx = file\n[app:main]\npaste.app_factory = m:a\nk = %(x)s\n"};
  const auto config = world.config({}, {{"x", "passed"}});
  CHECK(config.global_conf.get("x") == "passed");
  CHECK(config.local_conf.get("k") == "file");
}

TEST_CASE("set changes global_conf for an object and what it refers to, not for its siblings") {
  PasteWorld world{
      "[DEFAULT]\ng = 0\n[composite:main]\nuse = egg:P#urlmap\n/a = p\n/b = plain\n"
      "[pipeline:p]\nset g = p\npipeline = f a\n[filter:f]\nset g = f\n"
      "paste.filter_factory = m:f\n[app:a]\nuse = used\n[app:used]\npaste.app_factory = m:used\n"
      "[app:plain]\npaste.app_factory = m:plain\n"};
  (void)world.app();
  CHECK(world.call_of("egg:P#urlmap").global_conf.get("g") == "0");
  CHECK(world.call_of("m:f").global_conf.get("g") == "f");
  CHECK(world.call_of("m:used").global_conf.get("g") == "p");
  CHECK(world.call_of("m:plain").global_conf.get("g") == "0");
}

TEST_CASE("set of a composite reaches its children, if it passes its global_conf on") {
  PasteWorld world{
      "[composite:main]\nuse = egg:P#urlmap\nset g = 1\n/ = a\n[app:a]\n"
      "paste.app_factory = m:a\n"};
  (void)world.app();
  CHECK(world.call_of("m:a").global_conf.get("g") == "1");
  world.calls.clear();
  world.composites_pass_nothing = true;
  (void)world.app();
  CHECK_FALSE(world.call_of("m:a").global_conf.contains("g"));
}

TEST_CASE("the user's set goes before the used section's") {
  PasteWorld world{
      "[app:main]\nuse = other\nset g = user\n[app:other]\npaste.app_factory = m:a\n"
      "set g = used\nset h = used\n"};
  const auto global = world.config().global_conf;
  CHECK(global.get("g") == "user");
  CHECK(global.get("h") == "used");
}

TEST_CASE("a section that is used cannot change __file__") {
  PasteWorld world{
      "[app:main]\nuse = other\n[app:other]\npaste.app_factory = m:a\nset __file__ = x\n"};
  CHECK(world.config().global_conf.get("__file__") == "/etc/p.ini");
  CHECK(world.config("other").global_conf.get("__file__") == "x");
}

TEST_CASE("get copies out of global_conf, after what is set in the same section") {
  PasteWorld world{
      "[DEFAULT]\ng = 1\n[app:main]\npaste.app_factory = m:a\nget l = g\nget m = h\nset h = 2\n"
      "get f = __file__\n"};
  CHECK(world.local() == Settings{{"l", "1"}, {"m", "2"}, {"f", "/etc/p.ini"}});
  PasteWorld absent{"[app:main]\npaste.app_factory = m:a\nget l = nothing\n"};
  CHECK(absent.app_error().category() == Category::lookup);
  CHECK(std::string{absent.app_error().what()} ==
        "/etc/p.ini:3: [app:main]: \"get l = nothing\" copies from global_conf, which has no "
        "\"nothing\"; set it in [DEFAULT]");
}

TEST_CASE("use takes the other section's local keys, overridden by the user's") {
  PasteWorld world{
      "[app:main]\nuse = other\nb = user\nc = user\n[app:other]\npaste.app_factory = m:a\n"
      "a = used\nb = used\n"};
  CHECK(world.app() == "m:a");
  CHECK(world.local() == Settings{{"a", "used"}, {"b", "user"}, {"c", "user"}});
}

TEST_CASE("use of another file: outer defaults win, inner ones are added, __file__ is the outer") {
  PasteWorld world{"[DEFAULT]\nboth = outer\n[app:main]\nuse = config:sub/inner.ini#x\nk = user\n"};
  world.files["/etc/sub/inner.ini"] =
      "[DEFAULT]\nboth = inner\nonly = %(both)s\n[app:x]\npaste.app_factory = m:a\n"
      "place = %(here)s\nfile = %(__file__)s\nk = used\n";
  const auto config = world.config();
  CHECK(config.local_conf ==
        Settings{{"place", "/etc/sub"}, {"file", "/etc/sub/inner.ini"}, {"k", "user"}});
  CHECK(config.global_conf.get("both") == "outer");
  CHECK(config.global_conf.get("only") == "inner");
  CHECK(config.global_conf.get("__file__") == "/etc/p.ini");
  CHECK(config.global_conf.get("here") == "/etc");
}

TEST_CASE("a composite of another file looks its children up in the file that uses it") {
  PasteWorld world{
      "[composite:main]\nuse = config:inner.ini#map\n[app:a]\npaste.app_factory = m:outer\n"};
  world.files["/etc/inner.ini"] =
      "[composite:map]\nuse = egg:P#urlmap\n/ = a\n[app:a]\npaste.app_factory = m:inner\n";
  CHECK(world.app() == "egg:P#urlmap{/ = m:outer}");
}

TEST_CASE("use of call: makes what the prefix of the section says") {
  PasteWorld world{
      "[app:main]\nuse = call:m:f\n[composite:c]\nuse = call:m:f\n/ = main\n"
      "[filter:f]\nuse = call:m:f\n[filter-app:g]\nuse = call:m:g\nnext = main\n"};
  CHECK(world.app() == "call:m:f");
  CHECK(world.app("c") == "call:m:f{/ = call:m:f}");
  CHECK(world.filter("f") == "call:m:f(next)");
  CHECK(world.app("g") == "call:m:g(call:m:f)");
}

TEST_CASE("with use, a factory key is a key as any other") {
  PasteWorld world{"[app:main]\nuse = egg:D\npaste.app_factory = m:a\n"};
  CHECK(world.app() == "egg:D#main");
  CHECK(world.local() == Settings{{"paste.app_factory", "m:a"}});
}

TEST_CASE("two factory keys of different groups are an error, and so is none") {
  PasteWorld world{
      "[app:main]\npaste.app_factory = m:a\npaste.composite_factory = m:b\n[app:none]\nk = v\n"
      "[filter:f]\npaste.filter_app_factory = m:late\npaste.filter_factory = m:early\n"};
  CHECK(std::string{world.app_error().what()} ==
        "/etc/p.ini:3: [app:main]: Multiple protocols given: paste.app_factory and "
        "paste.composite_factory; remove one");
  const auto none = world.app_error("none");
  CHECK(none.category() == Category::lookup);
  CHECK(std::string{none.what()} ==
        "/etc/p.ini:4: [app:none]: No loader given; write \"use = ...\" or "
        "\"paste.app_factory = MODULE:ATTRIBUTE\"");
  CHECK(world.filter("f") == "m:early(next)");
  CHECK(world.call_of("m:early").local_conf == Settings{{"paste.filter_app_factory", "m:late"}});
}

TEST_CASE("a factory key is read as an entry point: blanks and extras do not count") {
  PasteWorld world{
      "[app:main]\npaste.app_factory = m.n : a.b  [x, y]\n[app:bad]\n"
      "paste.app_factory = m:a:b\n"};
  CHECK(world.app() == "m.n:a.b");
  CHECK(world.app_error("bad").category() == Category::value);
}

TEST_CASE("require is checked and taken out") {
  PasteWorld world{"[app:main]\npaste.app_factory = m:a\nrequire = Paste_Script other\nk = v\n"};
  world.registry.add_distribution("paste-script");
  CHECK(world.app_error().category() == Category::lookup);
  CHECK(world.app_error().line() == 3);
  world.registry.add_app("egg:Other#x", [](const Settings&, const Settings&) {
    return [](thane::wsgi::Request&) { return thane::wsgi::Response{}; };
  });
  CHECK(world.local() == Settings{{"k", "v"}});
}

TEST_CASE("a pipeline has no settings but pipeline, set and filter-with") {
  PasteWorld world{
      "[pipeline:main]\npipeline = a\nset g = 1\nfilter-with = f\n[app:a]\n"
      "paste.app_factory = m:a\n[filter:f]\npaste.filter_factory = m:f\n"
      "[pipeline:extra]\npipeline = a\nk = v\n[pipeline:none]\n[pipeline:empty]\npipeline =\n"};
  CHECK(world.app() == "m:f(m:a)");
  CHECK(std::string{world.app_error("extra").what()}.starts_with(
      "/etc/p.ini:11: [pipeline:extra]: the pipeline section has extra (disallowed) settings: k"));
  CHECK(world.app_error("none").category() == Category::lookup);
  CHECK(world.app_error("empty").category() == Category::lookup);
}

}  // namespace
