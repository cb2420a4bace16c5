#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <thane/wsgi/settings.hpp>
#include <vector>

using thane::wsgi::Settings;

namespace {

TEST_CASE("settings keep their order, also when a value changes or a key goes") {
  Settings settings{{"b", "1"}, {"a", "2"}, {"c", "3"}};
  settings.set("b", "4");
  settings.update({{"d", "5"}, {"a", "6"}});
  CHECK(settings == Settings{{"b", "4"}, {"a", "6"}, {"c", "3"}, {"d", "5"}});
  CHECK(settings.take("a") == "6");
  CHECK(settings.take("a") == std::nullopt);
  settings.set("d", "7");
  CHECK(settings == Settings{{"b", "4"}, {"c", "3"}, {"d", "7"}});
  CHECK(settings.size() == 3);
}

TEST_CASE("a key that is missing is nothing, its fallback, or an error that names it") {
  const Settings settings{{"k", ""}};
  CHECK(settings.find("k") == "");
  CHECK_FALSE(settings.contains("K"));
  CHECK(settings.get("k", "x").empty());
  CHECK(settings.get("l", "x") == "x");
  CHECK_THROWS_WITH_AS((void)settings.get("l"), "the key l is missing; it has no default",
                       std::invalid_argument);
}

TEST_CASE("booleans are Paste's words for them") {
  for (const char* yes : {"true", "YES", " on ", "y", "t", "1"}) {
    CHECK(Settings{{"k", yes}}.get_boolean("k", false));
  }
  for (const char* no : {"False", "no", "off", "n", "f", "0"}) {
    CHECK_FALSE(Settings{{"k", no}}.get_boolean("k", true));
  }
  CHECK(Settings{}.get_boolean("k", true));
  CHECK_THROWS_WITH_AS((void)(Settings{{"k", "2"}}.get_boolean("k", true)),
                       "k = \"2\" is not true or false", std::invalid_argument);
}

TEST_CASE("numbers are whole and decimal") {
  CHECK(Settings{{"k", " -12 "}}.get_integer("k", 0) == -12);
  CHECK(Settings{{"k", "+7"}}.get_integer("k", 0) == 7);
  CHECK(Settings{}.get_integer("k", 3) == 3);
  for (const char* bad : {"", "1.5", "0x10", "12a", "+-1", "99999999999999999999"}) {
    CHECK_THROWS_AS((void)(Settings{{"k", bad}}.get_integer("k", 0)), std::invalid_argument);
  }
}

TEST_CASE("words are what is between white space") {
  CHECK(Settings{{"k",
                  " a\tb\n\n c\xe3\x80\x80"
                  "d "}}
            .get_words("k") == std::vector<std::string>{"a", "b", "c", "d"});
  CHECK(Settings{}.get_words("k").empty());
}

}  // namespace
