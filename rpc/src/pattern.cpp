#include "pattern.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8  // NOLINT(readability-identifier-naming): PCRE2 asks for it.
#include <pcre2.h>

#include <array>
#include <new>
#include <stdexcept>
#include <utility>

#include <thane/log.hpp>

namespace thane::rpc::internal {

namespace {

constexpr std::uint32_t max_steps = 100'000;
constexpr std::uint32_t max_heap = 16 * 1024;  // KiB.

std::string reason_of(int error) {
  std::array<PCRE2_UCHAR, 256> message{};
  pcre2_get_error_message(error, message.data(), message.size());
  return reinterpret_cast<const char*>(message.data());
}

PCRE2_SPTR begin_of(std::string_view text) {
  // PCRE2 takes no null pointer, not even for nothing.
  return reinterpret_cast<PCRE2_SPTR>(text.empty() ? "" : text.data());
}

}  // namespace

struct Pattern::Code {
  std::string expression;
  std::unique_ptr<pcre2_code, decltype(&pcre2_code_free)> compiled;
  std::unique_ptr<pcre2_match_context, decltype(&pcre2_match_context_free)> limits;
  // Nothing suspends while it is in use.
  std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> match;
};

Pattern::Pattern(const std::string& expression) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  // Texts come out of JSON: they are UTF-8, or PCRE2 says that they are not.
  constexpr auto options = PCRE2_ANCHORED | PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C;
  Code code{.expression = expression,
            .compiled = {pcre2_compile(begin_of(expression), expression.size(), options, &error,
                                       &offset, nullptr),
                         &pcre2_code_free},
            .limits = {pcre2_match_context_create(nullptr), &pcre2_match_context_free},
            .match = {pcre2_match_data_create(1, nullptr), &pcre2_match_data_free}};
  if (!code.compiled) {
    throw std::invalid_argument("\"" + expression + "\" is no regular expression: " +
                                reason_of(error) + " at " + std::to_string(offset));
  }
  if (!code.limits || !code.match) throw std::bad_alloc();
  pcre2_set_match_limit(code.limits.get(), max_steps);
  pcre2_set_heap_limit(code.limits.get(), max_heap);
  code_ = std::make_shared<const Code>(std::move(code));
}

bool Pattern::matches(std::string_view text) const {
  const int result = pcre2_match(code_->compiled.get(), begin_of(text), text.size(), 0, 0,
                                 code_->match.get(), code_->limits.get());
  if (result >= 0) return true;
  if (result != PCRE2_ERROR_NOMATCH) {
    log::warning("the regular expression \"{}\" gave up on a text of {} octets: {}",
                 code_->expression, text.size(), reason_of(result));
  }
  return false;
}

}  // namespace thane::rpc::internal
