// A fiber that needs more stack than there is; with the argument `fault`, one that reads at 64.
#include <cstdint>
#include <cstring>
#include <string_view>

#include <thane/fiber_loop.hpp>

namespace {

volatile int bottom = -1;  // Never reached, but the compiler cannot know.

[[gnu::noinline]] int dig(int depth) {
  volatile char frame[1000];
  frame[depth % 1000] = 1;
  return depth == bottom ? 0 : dig(depth + 1) + frame[0];
}

}  // namespace

int main(int argc, char** argv) {
  const bool fault = argc > 1 && std::string_view{argv[1]} == "fault";
  thane::FiberLoop loop;
  loop.run([&] {
    const auto fiber = loop.spawn(
        [&] {
          if (fault) {
            volatile std::uintptr_t address = 64;
            *reinterpret_cast<volatile char*>(address) = 1;
          }
          dig(0);
        },
        "digger");
    fiber.wait();
  });
}
