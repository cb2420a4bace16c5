#include "yaml.hpp"

#include <doctest/doctest.h>

#include <string>

#include "loaded_library.hpp"

using namespace thane::rpc::internal;

namespace {

std::string complaint(const std::string& text) {
  try {
    (void)parse_yaml(text);
  } catch (const yaml_error& error) {
    return std::to_string(error.line()) + ": " + error.what();
  }
  return "none";
}

TEST_CASE("maps, lists and text are read with their lines; plain nulls are none") {
  const YamlNode tree = parse_yaml("a: [x, 'null']\nb:\n- ~\n- \"two\\nlines\"\n");
  REQUIRE(tree.kind == YamlNode::Kind::map);
  REQUIRE(tree.members.size() == 2);
  CHECK(tree.members[0].first == "a");
  CHECK(tree.members[0].second.items.at(1).kind == YamlNode::Kind::text);
  const YamlNode& list = tree.members[1].second;
  CHECK(list.items.at(0).kind == YamlNode::Kind::null);
  CHECK(list.items.at(1).text == "two\nlines");
  CHECK(list.items.at(1).line == 4);
  CHECK(parse_yaml("").kind == YamlNode::Kind::null);
  CHECK(parse_yaml(R"({"json": ["too"]})").members.at(0).second.items.at(0).text == "too");
}

TEST_CASE("aliases and merges are what they stand for, and what stands there is stronger") {
  const YamlNode tree = parse_yaml(
      "a: &a {x: 1, y: 1}\nb: &b {x: 2, z: 2}\nc:\n  <<: [*a, *b]\n  y: 3\nd: {<<: *b}\n");
  std::string seen;
  for (const auto& [key, value] : tree.members.at(2).second.members) seen += key + value.text + " ";
  CHECK(seen == "y3 x1 z2 ");
  CHECK(tree.members.at(3).second.members.size() == 2);
}

TEST_CASE("what is wrong is told with its line") {
  CHECK(complaint("a: 1\nb: [1,\n").starts_with("3: "));
  CHECK(complaint("a: 1\n\tb: 2\n").starts_with("2: "));
  CHECK(complaint("a: *nobody\n").find("undefined alias") != std::string::npos);
  CHECK(complaint("a: 1\na: 2\n") == "2: \"a\" stands here twice");
  CHECK(complaint("[a]: 1\n") == "1: a key that is no text");
  CHECK(complaint("a: 1\n---\nb: 2\n") == "3: a second document begins here");
  CHECK(complaint("a:\n  <<: text\n") == "2: << merges maps alone");
  CHECK(complaint("\xff\xfe\xff") != "none");
}

TEST_CASE("what is part of itself, or grows without end, is refused") {
  CHECK(complaint("&a [*a]").find("part of itself") != std::string::npos);
  CHECK(complaint(std::string(1000, '[') + std::string(1000, ']')) != "none");
  std::string doubling = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    const std::string name = "a" + std::to_string(i);
    doubling += name + ": &" + name + " [" + last + ", " + last + "]\n";
  }
  CHECK(complaint(doubling).find("too much") != std::string::npos);
}

TEST_CASE("a library that is not there is told with the package that has it") {
  std::string why;
  try {
    const LoadedLibrary library{"libnowhere.so.7", "libnowhere7"};
  } catch (const library_error& error) {
    why = error.what();
  }
  CHECK(why.starts_with("libnowhere.so.7 cannot be loaded (libnowhere.so.7: cannot open"));
  CHECK(why.ends_with("): install libnowhere7"));
  const LoadedLibrary library{"libyaml-0.so.2", "libyaml-0-2"};
  CHECK_THROWS_AS((void)library.get<void()>("no_such_function"), library_error);
}

}  // namespace
