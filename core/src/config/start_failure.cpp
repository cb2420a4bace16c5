#include <thane/internal/start_failure.hpp>

#include <cstdlib>
#include <exception>

#include <thane/config.hpp>
#include <thane/log.hpp>

namespace thane::internal {

namespace {

constexpr int status_could_not_start = 3;
constexpr int status_configuration = 78;  // EX_CONFIG of <sysexits.h>.

std::terminate_handler before = nullptr;

[[noreturn]] void report() {
  if (const auto error = std::current_exception()) {
    try {
      std::rethrow_exception(error);
    } catch (const config_error& wrong) {
      log::critical("cannot start: {}", wrong.what());
      std::_Exit(status_configuration);
    } catch (const std::exception& exception) {
      log::critical("cannot start: {}", exception.what());
      std::_Exit(status_could_not_start);
    } catch (...) {  // Nothing could be said about it.
    }
  }
  if (before != nullptr) before();
  std::abort();
}

}  // namespace

void report_start_failures() noexcept {
  const auto replaced = std::set_terminate(report);
  if (replaced != report) before = replaced;
}

void stop_reporting_start_failures() noexcept {
  if (std::get_terminate() == report) std::set_terminate(before);
}

}  // namespace thane::internal
