// The one module that stands on databases, which the others are not to be linked with.
#include <thane/fiber_loop.hpp>
#include <thane/servicegroup.hpp>

int main() {
  bool listed = false;
  thane::FiberLoop{}.run([&] {
    const auto store = thane::servicegroup::make_store("sqlite:///records.sqlite");
    store->join({.host = "node-1", .binary = "downstream"}, {});
    listed = store->list({}).size() == 1;
  });
  return listed ? 0 : 1;
}
