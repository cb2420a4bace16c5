// Targets and versions, by the table that oslo.messaging's own function gave.
#include <thane/rpc/target.hpp>

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

using nlohmann::json;
using thane::rpc::compatible;
using thane::rpc::Target;

namespace {

json verdict(const std::optional<std::string>& implemented,
             const std::optional<std::string>& requested) {
  try {
    return compatible(implemented, requested);
  } catch (const std::out_of_range&) {
    return "EXC IndexError";
  } catch (const std::invalid_argument&) {
    return "EXC ValueError";
  }
}

std::optional<std::string> version(const json& value) {
  return value.is_null() ? std::nullopt : std::optional{value.get<std::string>()};
}

TEST_CASE("versions are compatible where they are so for Python") {
  std::ifstream file{TEST_DATA_DIR "/rpc/version_compat.json"};
  const json table = json::parse(file);
  CHECK(table.size() == 18 * 18);
  for (const json& row : table) {
    CAPTURE(row.dump());
    CHECK(verdict(version(row[0]), version(row[1])) == row[2]);
  }
}

TEST_CASE("a target is printed as in Python") {
  CHECK(to_string(Target{.exchange = "e", .topic = "t", .name_space = "", .server = "s"}) ==
        "<Target exchange=e, topic=t, namespace=, server=s>");
  CHECK(to_string(Target{}) == "<Target >");
}

}  // namespace
