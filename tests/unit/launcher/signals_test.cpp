// Signals of this very process, which raise() delivers before it returns.
#include "signals.hpp"

#include <doctest/doctest.h>
#include <signal.h>

#include <stdexcept>
#include <vector>

#include <thane/signal_handler.hpp>

using namespace thane::internal;
using thane::SignalHandler;

namespace {

enum class Disposition { by_default, ignored, handled };

Disposition disposition(int number) {
  struct sigaction action {};
  ::sigaction(number, nullptr, &action);
  if (action.sa_handler == SIG_DFL) return Disposition::by_default;
  return action.sa_handler == SIG_IGN ? Disposition::ignored : Disposition::handled;
}

bool blocks(int number) {
  sigset_t mask;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  return sigismember(&mask, number) == 1;
}

std::vector<int> numbers(const std::vector<ReceivedSignal>& received) {
  std::vector<int> result;
  for (const auto& one : received) result.push_back(one.number);
  return result;
}

TEST_CASE("what came for a launcher and was not read is gone with it") {
  {
    const BlockedSignals held_back;
    for (const int number : {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE}) {
      ::raise(number);
      CHECK(blocks(number));
    }
  }
  CHECK_FALSE(blocks(SIGTERM));  // And this process is still here to say so.
}

TEST_CASE("a launcher ends the ignoring of SIGCHLD, which hides how workers end") {
  ::signal(SIGCHLD, SIG_IGN);
  { const BlockedSignals held_back; }
  CHECK(disposition(SIGCHLD) == Disposition::by_default);
}

TEST_CASE("signals are read once each, TERM first, however often they came") {
  const BlockedSignals held_back;
  const SignalPipe pipe{held_back.before(), "0"};
  for (int i = 0; i < 20'000; ++i) ::raise(SIGUSR1);
  ::raise(SIGHUP);
  ::raise(SIGTERM);
  CHECK(numbers(pipe.read()) == std::vector<int>{SIGTERM, SIGHUP, SIGUSR1});
  CHECK(pipe.read().empty());
}

TEST_CASE("a signal that a process sent is not from the kernel") {
  const BlockedSignals held_back;
  const SignalPipe pipe{held_back.before(), "0"};
  ::raise(SIGHUP);
  const auto received = pipe.read();
  REQUIRE(received.size() == 1);
  CHECK(!received[0].from_kernel);
}

TEST_CASE("signals that were blocked from the start are heard") {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);
  {
    const BlockedSignals held_back;
    const SignalPipe pipe{held_back.before(), "0"};
    CHECK_FALSE(blocks(SIGTERM));
    CHECK_FALSE(blocks(SIGINT));
    CHECK_FALSE(blocks(SIGRTMAX - 2));
    CHECK(blocks(SIGWINCH));  // Not the launcher's.
  }
  CHECK(blocks(SIGTERM));
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST_CASE("each signal means again what it meant before") {
  ::signal(SIGUSR1, SIG_IGN);
  ::signal(SIGWINCH, SIG_IGN);
  {
    SignalHandler handler;
    handler.add_handler("WINCH", [] {});
    const BlockedSignals held_back;
    const SignalPipe pipe{held_back.before(), "0"};
    CHECK(disposition(SIGUSR1) == Disposition::handled);
    CHECK(disposition(SIGWINCH) == Disposition::handled);
  }
  CHECK(disposition(SIGUSR1) == Disposition::ignored);
  CHECK(disposition(SIGWINCH) == Disposition::ignored);
  CHECK(disposition(SIGPIPE) == Disposition::by_default);
  CHECK(disposition(SIGRTMAX - 2) == Disposition::by_default);
  ::signal(SIGUSR1, SIG_DFL);
  ::signal(SIGWINCH, SIG_DFL);
}

TEST_CASE("an application's signal is heard from its first handler to its last") {
  const BlockedSignals held_back;
  const SignalPipe pipe{held_back.before(), "0"};
  SignalHandler one;
  one.add_handler("SIGWINCH", [] {});
  {
    SignalHandler two;
    two.add_handler("WINCH", [] {});
    ::raise(SIGWINCH);
    CHECK(numbers(pipe.read()) == std::vector<int>{SIGWINCH});
  }
  ::raise(SIGWINCH);
  CHECK(numbers(pipe.read()) == std::vector<int>{SIGWINCH});
  one.clear();
  CHECK(disposition(SIGWINCH) == Disposition::by_default);
  ::raise(SIGWINCH);
  CHECK(pipe.read().empty());
}

TEST_CASE("handlers run newest first, and one that another removes does not run") {
  std::vector<int> ran;
  SignalHandler outer;
  outer.add_handler("USR2", [&] { ran.push_back(1); });
  SignalHandler inner;
  inner.add_handler("USR2", [&] { ran.push_back(2); });
  outer.add_handler("USR2", [&] {
    ran.push_back(3);
    inner.clear();
  });
  run_application_handlers(SIGUSR2);
  CHECK(ran == std::vector<int>{3, 1});
}

TEST_CASE("a handler that throws keeps no other from running") {
  int ran = 0;
  SignalHandler handler;
  handler.add_handler("USR2", [&] { ++ran; });
  handler.add_handler("USR2", [] { throw 7; });
  handler.add_handler("USR2", [] { throw std::runtime_error("told to"); });
  run_application_handlers(SIGUSR2);
  CHECK(ran == 1);
}

}  // namespace
