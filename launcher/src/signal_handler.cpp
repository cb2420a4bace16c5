#include <thane/signal_handler.hpp>

#include <fmt/core.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <exception>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>

#include <thane/fiber.hpp>
#include <thane/internal/describe_exception.hpp>
#include <thane/log.hpp>

#include "signals.hpp"

namespace thane {

namespace {

struct Entry {
  std::uint64_t id;
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
  static std::uint64_t last_id = 0;
  entries().push_back({++last_id, this, number, std::move(function)});
  internal::hear_application_signal(number);
}

void SignalHandler::add_handlers(std::initializer_list<std::string_view> names,
                                 const std::function<void()>& function) {
  for (const std::string_view name : names) {
    add_handler(name, function);
  }
}

void SignalHandler::clear() noexcept {
  std::vector<Entry> removed;  // Destroyed last: what the functions hold may be anything.
  auto& all = entries();
  const auto rest = std::stable_partition(
      all.begin(), all.end(), [this](const Entry& entry) { return entry.owner != this; });
  std::move(rest, all.end(), std::back_inserter(removed));
  all.erase(rest, all.end());
  for (const Entry& entry : removed) {
    if (std::ranges::find(all, entry.number, &Entry::number) == all.end()) {
      internal::leave_application_signal(entry.number);
    }
  }
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
  std::vector<std::uint64_t> ids;
  for (const Entry& entry : entries()) {
    if (entry.number == number) ids.push_back(entry.id);
  }
  std::ranges::reverse(ids);
  for (const std::uint64_t id : ids) {
    const auto found = std::ranges::find(entries(), id, &Entry::id);
    if (found == entries().end()) continue;  // An earlier handler has removed it.
    const auto function = found->function;   // A copy: it may remove itself.
    try {
      function();
    } catch (const fiber_killed&) {
      throw;
    } catch (...) {
      log::error("the handler of SIG{} failed: {}", ::sigabbrev_np(number),
                 describe(std::current_exception()));
    }
  }
}

}  // namespace internal
}  // namespace thane
