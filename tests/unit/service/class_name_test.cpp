#include "class_name.hpp"

#include <doctest/doctest.h>

#include <string>
#include <thane/service_base.hpp>
#include <utility>

using thane::internal::plain_class_name;

namespace {

class IdleService : public thane::ServiceBase {
  void start() override {}
  void stop() noexcept override {}
  void wait() override {}
  void reset() override {}
};

template <class T>
class Store final : public IdleService {};

class Renamed final : public IdleService {
 public:
  [[nodiscard]] std::string name() const override { return "Back"; }
};

TEST_CASE("a class name loses namespaces, functions, template arguments and ABI tags") {
  CHECK(plain_class_name("Hello") == "hello");
  CHECK(plain_class_name("shop::back::Stock") == "stock");
  CHECK(plain_class_name("(anonymous namespace)::Stock<std::vector<int> >") == "stock");
  CHECK(plain_class_name("Outer<a::B>::Inner") == "inner");
  CHECK(plain_class_name("main::{lambda(int)#1}::operator()(int) const::Local") == "local");
  CHECK(plain_class_name("Tagged[abi:cxx11]") == "tagged");
  CHECK(plain_class_name("").empty());
}

TEST_CASE("a service is called by the class of the object, not by that of the reference") {
  const Store<std::pair<int, Renamed>> store;
  const thane::ServiceBase& service = store;
  CHECK(service.name() == "store");

  struct Local final : IdleService {};
  CHECK(Local{}.name() == "local");
}

TEST_CASE("a service may choose its name") {
  CHECK(Renamed{}.name() == "Back");
}

}  // namespace
