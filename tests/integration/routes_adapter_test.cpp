// The contract program for tables of routes, as others run it: JSON in, JSON out.
#include <doctest/doctest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>
#include <string_view>

#include "support/temporary_directory.hpp"

namespace {

struct Answer {
  std::string output;
  int status = 0;
};

Answer run_adapter(std::string_view input) {
  const thane::testing::TemporaryDirectory directory;
  const auto command = CONTRACT_DIR "/routes_adapter 2>&1 < " + directory.write("input", input);
  FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  Answer answer;
  std::array<char, 4096> buffer;
  while (const auto size = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    answer.output.append(buffer.data(), size);
  }
  answer.status = WEXITSTATUS(::pclose(pipe));
  return answer;
}

TEST_CASE("a table is built from JSON, and each case gives its match or null") {
  const auto answer = run_adapter(R"({
    "mapper": {"minimization": false, "controllers": ["items"]},
    "ops": [
      {"op": "connect", "args": ["home", "/"], "kw": {"controller": "home", "page": 1}},
      {"op": "connect", "args": ["/{controller}/a/all{.format}"],
       "kw": {"conditions": {"method": ["GET"]}, "requirements": {"format": "json|xml"}}},
      {"op": "resource", "args": ["item", "items"], "kw": {"member": {"sell": "POST"}}},
      {"op": "submapper", "kw": {"path_prefix": "/v2", "controller": "two"},
       "ops": [{"op": "connect", "args": ["/{id:\\d+}"], "kw": {"action": "show"}}]},
      {"op": "redirect", "args": ["/old", "/new"], "kw": {"_redirect_code": "301 Moved"}}],
    "cases": [
      {"method": "GET", "path": "/"}, {"method": "GET", "path": "/items/a/all"},
      {"method": "POST", "path": "/items/7/sell"}, {"method": "GET", "path": "/v2/12"},
      {"method": "GET", "path": "/v2/x"}, {"method": "GET", "path": "/old"},
      {"generate": {"id": "7"}, "name": "edit_item"}]})");
  CHECK(answer.status == 0);
  CHECK(answer.output ==
        R"([{"controller":"home","page":"1"},{"controller":"items","format":null},)"
        R"({"id":"7","controller":"items","action":"sell"},)"
        R"({"id":"12","controller":"two","action":"show"},null,{},"/items/7/edit"])"
        "\n");
}

TEST_CASE("what makes no table is one line, and status 1") {
  const auto answer = run_adapter(R"({"ops": [{"op": "connect", "args": ["/{id"]}], "cases": []})");
  CHECK(answer.status == 1);
  CHECK(answer.output == "routes_adapter: pattern \"/{id\": a variable is not closed\n");
  CHECK(run_adapter("no JSON").status == 1);
}

}  // namespace
