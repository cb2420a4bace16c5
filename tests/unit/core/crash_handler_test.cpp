// Whose signals a CrashHandler takes, and that it gives them back.
#include <doctest/doctest.h>
#include <signal.h>

#include <exception>

#include <thane/internal/crash_handler.hpp>

using thane::internal::CrashHandler;

namespace {

void own_handler(int) {}

/// What SIGABRT does while the test runs; the test framework has a handler of its own.
class Sigabrt {
 public:
  explicit Sigabrt(void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    REQUIRE(::sigaction(SIGABRT, &action, &before_) == 0);
  }
  ~Sigabrt() { ::sigaction(SIGABRT, &before_, nullptr); }
  Sigabrt(const Sigabrt&) = delete;
  Sigabrt& operator=(const Sigabrt&) = delete;

  [[nodiscard]] static bool calls(void (*handler)(int)) {
    struct sigaction action {};
    REQUIRE(::sigaction(SIGABRT, nullptr, &action) == 0);
    return action.sa_handler == handler;
  }

 private:
  struct sigaction before_ {};
};

TEST_CASE("signals have their handlers as long as there is a CrashHandler, and their own again") {
  const Sigabrt sigabrt{SIG_DFL};
  const auto terminate = std::get_terminate();
  {
    const CrashHandler handler;
    CHECK_FALSE(Sigabrt::calls(SIG_DFL));
    CHECK((std::get_terminate() != terminate));
  }
  CHECK(Sigabrt::calls(SIG_DFL));
  CHECK((std::get_terminate() == terminate));
}

TEST_CASE("a handler that is there already stays") {
  const Sigabrt sigabrt{own_handler};
  {
    const CrashHandler handler;
    CHECK(Sigabrt::calls(own_handler));
  }
  CHECK(Sigabrt::calls(own_handler));
}

TEST_CASE("a handler that came later stays when the CrashHandler goes") {
  const Sigabrt sigabrt{SIG_DFL};
  {
    const CrashHandler handler;
    ::signal(SIGABRT, own_handler);
  }
  CHECK(Sigabrt::calls(own_handler));
}

}  // namespace
