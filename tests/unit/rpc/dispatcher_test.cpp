// Which method a message is for, and what becomes of its arguments.
#include "dispatcher.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <thane/rpc/remote_error.hpp>

#include "failure.hpp"

using nlohmann::json;
using namespace thane::rpc;
using internal::Dispatcher;

namespace {

Endpoint answering(Target target, const std::string& method, const std::string& answer) {
  Endpoint endpoint{std::move(target)};
  endpoint.method(method, [answer](const Context&, const json&) { return answer; });
  return endpoint;
}

Dispatcher with(std::vector<Endpoint> endpoints, RPCAccessPolicy policy = DefaultRPCAccessPolicy{},
                std::shared_ptr<const Serializer> serializer = nullptr) {
  return {std::move(endpoints), std::move(policy), std::move(serializer)};
}

// The result, or "CLASS: MESSAGE" of what a Python client would see.
json ask(const Dispatcher& dispatcher, json message) {
  try {
    return dispatcher.dispatch({}, std::move(message));
  } catch (...) {
    const auto error =
        internal::remote_error_from(internal::describe_failure(std::current_exception(), "test"));
    return error.exc_type() + ": " + error.value();
  }
}

TEST_CASE("the first endpoint with the namespace, a compatible version and the method serves") {
  const auto dispatcher = with({answering({.version = "1.3"}, "a", "first"),
                                answering({.version = "1.5"}, "b", "second"),
                                answering({.version = "1.5"}, "a", "third"),
                                answering({.name_space = "ns", .version = "2.0"}, "a", "spaced")});
  CHECK(ask(dispatcher, {{"method", "a"}}) == "first");  // No version: 1.0.
  CHECK(ask(dispatcher, {{"method", "b"}, {"version", "1.3"}}) == "second");
  CHECK(ask(dispatcher, {{"method", "a"}, {"version", "1.4"}}) == "third");
  CHECK(ask(dispatcher, {{"method", "a"}, {"namespace", "ns"}, {"version", "2.0"}}) == "spaced");
}

TEST_CASE("who is not found learns whether it was the method or the version") {
  const auto dispatcher = with({answering({.version = "1.3"}, "a", "first")});
  CHECK(ask(dispatcher, {{"method", "nope"}}) ==
        "NoSuchMethod: Endpoint does not support RPC method nope");
  CHECK(ask(dispatcher, {{"method", "a"}, {"version", "1.4"}}) ==
        "UnsupportedVersion: Endpoint does not support RPC version 1.4. Attempted method: a");
  CHECK(ask(dispatcher, {{"method", "a"}, {"namespace", ""}, {"version", "1.0"}}) ==
        "UnsupportedVersion: Endpoint does not support RPC version 1.0. Attempted method: a");
}

TEST_CASE("legacy namespaces are served as well, none among them") {
  const auto dispatcher = with(
      {answering({.name_space = "new", .legacy_namespaces = {std::nullopt, "old"}}, "a", "yes")});
  for (const json& space : {json{}, json("old"), json("new")}) {
    CHECK(ask(dispatcher, {{"method", "a"}, {"namespace", space}}) == "yes");
  }
}

TEST_CASE("messages that make no sense are errors of the classes that Python raises") {
  const auto dispatcher = with({answering({.version = "1.3"}, "a", "yes")});
  const auto class_of = [&](json message) {
    const auto text = ask(dispatcher, std::move(message)).get<std::string>();
    return text.substr(0, text.find(':'));
  };
  CHECK(class_of({{"method", "a"}, {"args", {1, 2}}}) == "AttributeError");
  CHECK(class_of({{"method", "a"}, {"version", 1}}) == "AttributeError");
  CHECK(class_of({{"method", "a"}, {"version", "x"}}) == "ValueError");
  CHECK(class_of({{"method", "a"}, {"version", "1"}}) == "IndexError");
  CHECK(class_of({{"method", 7}}) == "NoSuchMethod");
  CHECK(class_of(json::object()) == "NoSuchMethod");
}

TEST_CASE("the access policy decides what exists for callers") {
  Endpoint endpoint;
  endpoint.method("_hidden", {}, [](const Context&) { return 1; });
  endpoint.method("shown", {}, [](const Context&) { return 2; });
  endpoint.method("exposed", {}, [](const Context&) { return 3; }).expose("exposed");
  const auto answers = [&](RPCAccessPolicy policy) {
    const auto dispatcher = with({endpoint}, std::move(policy));
    std::string found;
    for (const std::string method : {"_hidden", "shown", "exposed"}) {
      found += ask(dispatcher, {{"method", method}}).is_number() ? "y" : "n";
    }
    return found;
  };
  CHECK(answers(LegacyRPCAccessPolicy{}) == "yyy");
  CHECK(answers(DefaultRPCAccessPolicy{}) == "nyy");
  CHECK(answers(ExplicitRPCAccessPolicy{}) == "nny");
}

TEST_CASE("typed methods are given their arguments by name, and refuse what does not fit") {
  Endpoint endpoint;
  endpoint.method("add", {"a", "b"}, [](const Context&, int a, double b) { return a + b; });
  endpoint.method("find", {"name", "limit"},
                  [](const Context&, const std::string& name, std::optional<int> limit) {
                    return name + std::to_string(limit.value_or(10));
                  });
  endpoint.method("all", {"values"},
                  [](const Context&, const std::vector<bool>& values) { return values.size(); });
  endpoint.method("nothing", {"any"}, [](const Context&, const json&) {});
  const auto dispatcher = with({endpoint});
  const auto call = [&](const std::string& method, json args) {
    return ask(dispatcher, {{"method", method}, {"args", std::move(args)}});
  };

  CHECK(call("add", {{"a", 1}, {"b", 2}}) == 3.0);
  CHECK(call("find", {{"name", "x"}}) == "x10");
  CHECK(call("find", {{"name", "x"}, {"limit", nullptr}}) == "x10");
  CHECK(call("find", {{"limit", 3}, {"name", "x"}}) == "x3");
  CHECK(call("nothing", {{"any", nullptr}}).is_null());

  CHECK(call("add", {{"a", 1}}) == "TypeError: add() missing 1 required positional argument: 'b'");
  CHECK(call("add", json::object()) ==
        "TypeError: add() missing 2 required positional arguments: 'a' and 'b'");
  CHECK(call("add", {{"a", 1}, {"b", 2}, {"c", 3}}) ==
        "TypeError: add() got an unexpected keyword argument 'c'");
  for (const json& wrong : {json("1"), json(1.5), json(true), json(3'000'000'000)}) {
    const auto text = call("add", {{"a", wrong}, {"b", 2}}).get<std::string>();
    CHECK(text.starts_with("TypeError: add() argument 'a' is of the wrong type"));
  }
  CHECK(call("all", {{"values", {1, 2}}}).get<std::string>().starts_with("TypeError: all()"));
}

TEST_CASE("an endpoint has each name once") {
  Endpoint endpoint = answering({}, "a", "yes");
  CHECK_THROWS_AS(endpoint.method("a", Endpoint::Method{}), std::invalid_argument);
  CHECK_THROWS_AS(endpoint.method("", Endpoint::Method{}), std::invalid_argument);
  CHECK_THROWS_AS(endpoint.expose("b"), std::invalid_argument);
}

TEST_CASE("a serializer sees each argument, the result and the context") {
  struct Wrapping final : Serializer {
    json serialize_entity(const Context& context, json entity) const override {
      return {{"wrapped", std::move(entity)}, {"for", context.values()}};
    }
    json deserialize_entity(const Context&, json entity) const override {
      return entity.at("wrapped");
    }
    Context deserialize_context(const Context&) const override { return Context{{{"own", true}}}; }
  };
  Endpoint endpoint;
  endpoint.method("add", {"a", "b"}, [](const Context&, int a, int b) { return a + b; });
  const auto dispatcher = with({endpoint}, DefaultRPCAccessPolicy{}, std::make_shared<Wrapping>());
  const json args{{"a", {{"wrapped", 1}}}, {"b", {{"wrapped", 2}}}};
  CHECK(ask(dispatcher, {{"method", "add"}, {"args", args}}) ==
        json{{"wrapped", 3}, {"for", {{"own", true}}}});
}

}  // namespace
