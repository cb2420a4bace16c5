#include "paste/interpolation.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "paste_world.hpp"

using thane::testing::PasteWorld;
using thane::wsgi::internal::interpolate;
using Category = PasteWorld::Category;
using Settings = PasteWorld::Settings;

namespace {

using Values = std::map<std::string, std::string, std::less<>>;

thane::wsgi::internal::Interpolated run(const std::string& raw, const Values& values = {}) {
  return interpolate(raw, [&](std::string_view name) -> std::optional<std::string_view> {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional<std::string_view>{found->second};
  });
}

TEST_CASE("%(name)s is replaced, as often as it takes, and %% is a percent sign") {
  CHECK(run("a %(x)s b%(y)s%%", {{"x", "1%(y)s"}, {"y", "%%2"}}).value == "a 1%2 b%2%");
  CHECK(run("%(a b)s", {{"a b", "c"}}).value == "c");
  CHECK(run("").value.empty());
}

TEST_CASE("any other percent sign is an error that says how to write one") {
  for (const char* bad : {"100%", "%s", "% (x)s", "%(x)", "%(x)d", "%()s", "%(x"}) {
    CHECK(run(bad, {{"x", "1"}}).error.find("%%") != std::string::npos);
  }
}

TEST_CASE("ten values may refer to one another, eleven may not") {
  Values values;
  for (int i = 0; i < 12; ++i) {
    values["v" + std::to_string(i)] = "%(v" + std::to_string(i + 1) + ")s";
  }
  values["v10"] = "end";
  CHECK(run("%(v1)s", values).value == "end");
  CHECK(run("%(v0)s", values).error.find("10 steps") != std::string::npos);
  CHECK(run("%(x)s", {{"x", "%(x)s"}}).error.find("circle") != std::string::npos);
}

TEST_CASE("a value that would grow without measure is an error") {
  Values values{{"v0", "%(v1)s"}};
  for (int i = 1; i < 10; ++i) {
    for (int n = 0; n < 10; ++n) {
      values["v" + std::to_string(i)] += "%(v" + std::to_string(i + 1) + ")s";
    }
  }
  values["v10"] = "";
  CHECK(run("%(v1)s", values).error.find("1 MiB") != std::string::npos);
  CHECK(run("%(x)s", {{"x", std::string(2'000'000, 'x')}}).error.find("1 MiB") !=
        std::string::npos);
}

TEST_CASE("a section's own keys go before those of DEFAULT") {
  PasteWorld world{
      "[DEFAULT]\nx = default\ny = of %(x)s\n[app:main]\npaste.app_factory = m:a\n"
      "x = own\nz = %(x)s, %(y)s, %(here)s, %(__file__)s\n"};
  CHECK(world.local() == Settings{{"z", "own, of own, /etc, /etc/p.ini"}});
}

TEST_CASE("the error names file, line, section and option") {
  PasteWorld world{"[app:main]\npaste.app_factory = m:a\nk = %(nothing)s\n"};
  const auto error = world.app_error();
  CHECK(error.category() == Category::interpolation);
  CHECK(error.file() == "/etc/p.ini");
  CHECK(error.section() == "app:main");
  CHECK(error.line() == 3);
  CHECK(std::string{error.what()} ==
        "Error in file /etc/p.ini, line 3: option \"k\" in section [app:main] contains an "
        "interpolation key \"nothing\", which is neither in its section nor in [DEFAULT]");
}

TEST_CASE("a bad value of a section that is not used does no harm, one in DEFAULT always does") {
  PasteWorld world{"[app:main]\npaste.app_factory = m:a\n[app:other]\nk = 5%\n"};
  CHECK(world.app() == "m:a");
  CHECK(world.app_error("other").line() == 4);
  world.files["/etc/p.ini"] += "[DEFAULT]\nbad = %(nothing)s\n";
  CHECK(world.app_error().category() == Category::interpolation);
  CHECK(world.app_error().section() == "DEFAULT");
}

TEST_CASE("a default whose interpolation is empty keeps its text in global_conf") {
  PasteWorld world{"[DEFAULT]\ne =\nx = %(e)s\n[app:main]\npaste.app_factory = m:a\ny = %(x)s"};
  CHECK(world.config().global_conf.get("x") == "%(e)s");
  CHECK(world.local().get("y").empty());
}

TEST_CASE("what is passed is interpolated in the file, and is an error there") {
  PasteWorld world{"[app:main]\npaste.app_factory = m:a\nk = %(passed)s\n"};
  CHECK(world.config({}, {{"passed", "50%% of %(here)s"}}).local_conf.get("k") == "50% of /etc");
  const auto error = world.app_error({}, {{"passed", "50%"}});
  CHECK(error.category() == Category::interpolation);
  CHECK(error.line() == 0);
  CHECK(std::string{error.what()}.find("passed to it from outside") != std::string::npos);
}

}  // namespace
