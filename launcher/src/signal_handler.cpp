#include <thane/signal_handler.hpp>

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

#include <thane/fiber.hpp>
#include <thane/log.hpp>

#include "signals.hpp"

namespace thane {

namespace {

struct Entry {
  const void* owner;
  int number;
  std::function<void()> function;
};

// Of the process, as its signals are. Oldest first.
std::vector<Entry>& entries() {
  static std::vector<Entry> all;
  return all;
}

int number_of(std::string_view name) noexcept {
  if (name.starts_with("SIG")) {
    name.remove_prefix(3);
  }
  for (int number = 1; number < SIGRTMIN; ++number) {
    const char* known = ::sigabbrev_np(number);
    if (known != nullptr && name == known) {
      return number;
    }
  }
  return 0;
}

constexpr std::array reserved{SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGKILL, SIGSTOP,
                              SIGSEGV, SIGBUS, SIGFPE,  SIGILL, SIGABRT, SIGPIPE};

}  // namespace

SignalHandler::SignalHandler() = default;

SignalHandler::~SignalHandler() {
  clear();
}

void SignalHandler::add_handler(std::string_view name, std::function<void()> function) {
  const int number = number_of(name);
  if (number == 0) {
    return;
  }
  if (std::ranges::find(reserved, number) != reserved.end()) {
    throw std::invalid_argument(fmt::format(
        "SIG{} cannot have a handler of the application: the launcher or the kernel has it",
        ::sigabbrev_np(number)));
  }
  entries().push_back({this, number, std::move(function)});
  internal::hear_application_signal(number);
}

void SignalHandler::add_handlers(std::initializer_list<std::string_view> names,
                                 const std::function<void()>& function) {
  for (const std::string_view name : names) {
    add_handler(name, function);
  }
}

void SignalHandler::clear() noexcept {
  std::erase_if(entries(), [this](const Entry& entry) { return entry.owner == this; });
}

bool SignalHandler::is_signal_supported(std::string_view name) noexcept {
  return number_of(name) != 0;
}

namespace internal {

std::vector<int> application_signals() {
  std::vector<int> numbers;
  for (const Entry& entry : entries()) {
    numbers.push_back(entry.number);
  }
  return numbers;
}

void run_application_handlers(int number) {
  std::vector<std::function<void()>> functions;  // A copy: a handler may add and remove handlers.
  for (const Entry& entry : entries()) {
    if (entry.number == number) {
      functions.push_back(entry.function);
    }
  }
  std::ranges::reverse(functions);
  for (const auto& function : functions) {
    try {
      function();
    } catch (const fiber_killed&) {
      throw;
    } catch (const std::exception& error) {
      log::error("the handler of SIG{} failed: {}", ::sigabbrev_np(number), error.what());
    }
  }
}

}  // namespace internal
}  // namespace thane
