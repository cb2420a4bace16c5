// Handlers of the application: which signals they may have, in which order they run, how they go.
#include <thane/signal_handler.hpp>

#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "signals.hpp"
#include "support/captured_log.hpp"

using thane::SignalHandler;
using thane::internal::application_signals;
using thane::internal::run_application_handlers;

namespace {

using Calls = std::vector<std::string>;

/// Adds a handler that notes its name.
void note(SignalHandler& handler, std::string_view signal, Calls& calls, const std::string& name) {
  handler.add_handler(signal, [&calls, name] { calls.push_back(name); });
}

Calls after(int number, Calls& calls) {
  calls.clear();
  run_application_handlers(number);
  return calls;
}

// SV-18, and the bug of the original that its shutdown handler ran first and cleared the others.
TEST_CASE("handlers of one signal run the newest first, of whichever object they are") {
  Calls calls;
  SignalHandler one;
  SignalHandler other;
  note(one, "USR2", calls, "first");
  note(other, "USR2", calls, "second");
  note(one, "USR2", calls, "third");
  note(one, "ALRM", calls, "another signal's");

  CHECK(after(SIGUSR2, calls) == Calls{"third", "second", "first"});
  CHECK(after(SIGUSR2, calls) == Calls{"third", "second", "first"});  // None is used up.
  CHECK(after(SIGALRM, calls) == Calls{"another signal's"});
  CHECK(after(SIGWINCH, calls) == Calls{});
}

TEST_CASE("one function may handle several signals") {
  Calls calls;
  SignalHandler handler;
  handler.add_handlers({"USR2", "SIGALRM", "NOSUCH"}, [&calls] { calls.emplace_back("called"); });

  CHECK(after(SIGUSR2, calls).size() == 1);
  CHECK(after(SIGALRM, calls).size() == 1);
}

TEST_CASE("clear() removes the handlers of its object and no others") {
  Calls calls;
  SignalHandler one;
  SignalHandler other;
  note(one, "USR2", calls, "of one");
  note(other, "USR2", calls, "of the other");
  note(one, "ALRM", calls, "of one");

  one.clear();

  CHECK(after(SIGUSR2, calls) == Calls{"of the other"});
  CHECK(after(SIGALRM, calls) == Calls{});
  CHECK(application_signals() == std::vector<int>{SIGUSR2});
  one.clear();
  note(one, "USR2", calls, "of one again");
  CHECK(after(SIGUSR2, calls) == Calls{"of one again", "of the other"});
}

TEST_CASE("the destructor removes the handlers of its object") {
  Calls calls;
  const SignalHandler none;
  auto handler = std::make_unique<SignalHandler>();
  note(*handler, "USR2", calls, "gone");
  CHECK(after(SIGUSR2, calls) == Calls{"gone"});

  handler.reset();

  CHECK(after(SIGUSR2, calls) == Calls{});
  CHECK(application_signals().empty());
}

TEST_CASE("a handler may remove handlers, which then do not run any more, and add others") {
  Calls calls;
  SignalHandler handler;
  note(handler, "USR2", calls, "old");
  handler.add_handler("USR2", [&] {
    calls.emplace_back("replacer");
    handler.clear();
    note(handler, "USR2", calls, "new");
  });

  CHECK(after(SIGUSR2, calls) == Calls{"replacer"});
  CHECK(after(SIGUSR2, calls) == Calls{"new"});
}

TEST_CASE("an exception from a handler is logged with the signal, and the next one runs") {
  const thane::testing::CapturedLog log;
  Calls calls;
  SignalHandler handler;
  note(handler, "USR2", calls, "oldest");
  handler.add_handler("USR2", [] { throw std::runtime_error("handler was told to fail"); });

  CHECK(after(SIGUSR2, calls) == Calls{"oldest"});
  CHECK(log.count("the handler of SIGUSR2 failed: handler was told to fail") == 1);
}

TEST_CASE("a signal of the launcher or of the kernel cannot have a handler") {
  SignalHandler handler;
  for (const std::string name : {"TERM", "INT", "QUIT", "HUP", "USR1", "KILL", "STOP", "SEGV",
                                 "BUS", "FPE", "ILL", "ABRT", "PIPE"}) {
    for (const std::string& spelling : {name, "SIG" + name}) {
      CHECK_THROWS_WITH_AS(
          handler.add_handler(spelling, [] {}),
          ("SIG" + name +
           " cannot have a handler of the application: the launcher or the kernel has it")
              .c_str(),
          std::invalid_argument);
    }
  }
  CHECK(application_signals().empty());
}

// SV-17
TEST_CASE("a name that this system does not know is ignored") {
  SignalHandler handler;
  for (const char* name :
       {"NOSUCH", "SIGNOSUCH", "", "SIG", "usr2", "SIGSIGUSR2", "12", "UNBLOCK"}) {
    CAPTURE(name);
    CHECK_FALSE(SignalHandler::is_signal_supported(name));
    CHECK_NOTHROW(handler.add_handler(name, [] {}));
  }
  CHECK(application_signals().empty());
}

TEST_CASE("a signal is named with or without SIG") {
  for (const char* name : {"USR2", "SIGUSR2", "WINCH", "SIGCHLD", "TERM", "SIGKILL"}) {
    CAPTURE(name);
    CHECK(SignalHandler::is_signal_supported(name));
  }
  Calls calls;
  SignalHandler handler;
  note(handler, "USR2", calls, "without");
  note(handler, "SIGUSR2", calls, "with");
  CHECK(after(SIGUSR2, calls) == Calls{"with", "without"});
}

}  // namespace
