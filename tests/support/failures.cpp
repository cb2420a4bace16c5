#include "failures.hpp"

#include <doctest/doctest.h>

namespace thane::testing {
namespace {

std::size_t failures = 0;

/// doctest tells listeners of each failed check, and nobody else.
class CountFailures final : public doctest::IReporter {
 public:
  explicit CountFailures(const doctest::ContextOptions&) {}
  void log_assert(const doctest::AssertData& assertion) override {
    failures += assertion.m_failed ? 1 : 0;
  }
  void log_message(const doctest::MessageData& message) override {
    failures += (message.m_severity & doctest::assertType::is_warn) == 0 ? 1 : 0;
  }
  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats&) override {}
  void test_case_start(const doctest::TestCaseData&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats&) override {}
  void test_case_exception(const doctest::TestCaseException&) override { ++failures; }
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}
};

REGISTER_LISTENER("count_failures", 1, CountFailures);

}  // namespace

std::size_t failures_so_far() noexcept {
  return failures;
}

}  // namespace thane::testing
