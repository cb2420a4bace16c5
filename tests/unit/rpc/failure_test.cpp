// Exceptions on their way over the wire.
#include "failure.hpp"

#include <doctest/doctest.h>

#include <new>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "json_text.hpp"

using nlohmann::json;
using namespace thane::rpc;

namespace {

template <class Error>
json sent(const Error& error) {
  return internal::decode(internal::describe_failure(std::make_exception_ptr(error), "m"));
}

TEST_CASE("exceptions of C++ become builtins of Python") {
  const auto class_of = [](const json& failure) {
    return failure["module"].get<std::string>() + "." + failure["class"].get<std::string>();
  };
  CHECK(class_of(sent(std::invalid_argument("x"))) == "builtins.ValueError");
  CHECK(class_of(sent(std::out_of_range("x"))) == "builtins.IndexError");
  CHECK(class_of(sent(std::bad_alloc())) == "builtins.MemoryError");
  CHECK(class_of(sent(std::runtime_error("x"))) == "builtins.RuntimeError");
  CHECK(class_of(sent(7)) == "builtins.RuntimeError");
}

TEST_CASE("a Failure says which class to raise, with which arguments") {
  const json failure = sent(Failure{"shop.errors", "SoldOut", "no figs", {"no figs"}, {{"n", 7}}});
  CHECK(failure["module"] == "shop.errors");
  CHECK(failure["class"] == "SoldOut");
  CHECK(failure["message"] == "no figs");
  CHECK(failure["args"] == json{"no figs"});
  CHECK(failure["kwargs"] == json{{"n", 7}});
  CHECK_FALSE(failure["tb"].empty());
  CHECK_THROWS_AS(Failure("m", "C", "x", json{}, json::object()), std::invalid_argument);
}

TEST_CASE("a RemoteError that is let through stays what it was, without Python's mark") {
  const auto first = internal::remote_error_from(
      R"({"class": "SoldOut_Remote", "module": "shop.errors_Remote", "message": "m", "tb": ["a\n"],
          "args": [1], "kwargs": {"k": 2}})");
  CHECK(std::string{first.what()} == "Remote error: SoldOut_Remote m\n[a\n].");
  const auto second =
      internal::remote_error_from(internal::describe_failure(std::make_exception_ptr(first), "m"));
  CHECK(second.exc_type() == "SoldOut");
  CHECK(second.module() == "shop.errors");
  CHECK(second.args() == json{1});
  CHECK(second.kwargs() == json{{"k", 2}});
  CHECK(second.traceback().front() == "a\n");
}

TEST_CASE("a failure that lacks parts, or has them of wrong types, is still one") {
  const auto error = internal::remote_error_from(R"({"class": "C", "module": "exceptions",
                                                     "args": 1, "tb": "x"})");
  CHECK(error.exc_type() == "C");
  CHECK(error.module() == "builtins");
  CHECK(error.args() == json::array());
  CHECK(error.traceback().empty());
  CHECK_THROWS_AS((void)internal::remote_error_from("[]"), std::invalid_argument);
}

TEST_CASE("errors that are known are raised as what they stand for, others as RemoteError") {
  KnownErrors known;
  known.add("shop.errors", "SoldOut",
            [](const RemoteError& error) { throw std::domain_error(error.value()); });
  const auto error = [](const std::string& name) {
    return RemoteError{{.exc_type = name,
                        .module = "shop.errors",
                        .value = "v",
                        .traceback = {},
                        .args = std::make_shared<json>(),
                        .kwargs = std::make_shared<json>()}};
  };
  CHECK_THROWS_AS(known.raise(error("SoldOut")), std::domain_error);
  CHECK_THROWS_AS(known.raise(error("Closed")), RemoteError);
  const auto namesake = internal::remote_error_from(R"({"class": "SoldOut", "module": "other"})");
  CHECK_THROWS_AS(known.raise(namesake), RemoteError);
}

}  // namespace
