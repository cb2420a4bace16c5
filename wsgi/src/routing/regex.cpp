#include "routing/regex.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8  // NOLINT(readability-identifier-naming): PCRE2 asks for it.
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <new>
#include <stdexcept>

#include <thane/wsgi/mapper.hpp>
#include <thane/wsgi/request.hpp>

namespace thane::wsgi::internal {

namespace {

template <auto free>
struct Freed {
  template <class T>
  void operator()(T* object) const noexcept {
    free(object);
  }
};
using OwnedCode = std::unique_ptr<pcre2_code, Freed<pcre2_code_free>>;
using OwnedMatch = std::unique_ptr<pcre2_match_data, Freed<pcre2_match_data_free>>;
using OwnedCompileContext =
    std::unique_ptr<pcre2_compile_context, Freed<pcre2_compile_context_free>>;
using OwnedMatchContext = std::unique_ptr<pcre2_match_context, Freed<pcre2_match_context_free>>;

constexpr std::uint32_t max_heap = 16 * 1024;  // KiB that one match may take.

template <class T>
T* allocated(T* object) {
  if (object == nullptr) throw std::bad_alloc{};
  return object;
}

PCRE2_SPTR octets_of(std::string_view text) {
  return reinterpret_cast<PCRE2_SPTR>(text.data());
}

// What the two languages write differently: \Z is the very end, {,n} has a 0 before the comma.
std::string translated(std::string_view python) {
  std::string result;
  bool in_class = false;
  for (std::size_t i = 0; i < python.size(); ++i) {
    const char c = python[i];
    if (c == '\\' && i + 1 < python.size()) {
      ++i;
      result += c;
      result += python[i] == 'Z' && !in_class ? 'z' : python[i];
      continue;
    }
    if (c == '[' && !in_class) {
      in_class = true;
      result += c;
      if (python.substr(i + 1, 1) == "^") result += python[++i];
      if (python.substr(i + 1, 1) == "]") result += python[++i];
      continue;
    }
    if (c == ']') in_class = false;
    result += c;
    if (c == '{' && !in_class && python.substr(i + 1, 1) == ",") result += '0';
  }
  return result;
}

OwnedCode compile(const std::string& expression, const std::string& text, std::uint32_t options) {
  const OwnedCompileContext context{allocated(pcre2_compile_context_create(nullptr))};
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);  // What '.' does not match.
  int error = 0;
  PCRE2_SIZE offset = 0;
  OwnedCode code{pcre2_compile(octets_of(text), text.size(),
                               options | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOLLAR_ENDONLY |
                                   PCRE2_ALT_BSUX | PCRE2_NEVER_BACKSLASH_C,
                               &error, &offset, context.get())};
  if (!code) {
    std::array<PCRE2_UCHAR, 256> message{};
    pcre2_get_error_message(error, message.data(), message.size());
    throw std::invalid_argument("regular expression \"" + expression +
                                "\": " + reinterpret_cast<const char*>(message.data()));
  }
  return code;
}

bool is_invalid_utf8(int error) {
  return error <= PCRE2_ERROR_UTF8_ERR1 && error >= PCRE2_ERROR_UTF8_ERR21;
}

}  // namespace

struct Regex::Code {
  OwnedCode text;    // None if the expression itself is not in UTF-8.
  OwnedCode octets;  // For subjects that are not.
  OwnedMatchContext limits{allocated(pcre2_match_context_create(nullptr))};
};

Regex::Regex(const std::string& expression) {
  const auto pcre = translated(expression);
  auto code = std::make_shared<Code>();
  code->octets = compile(expression, pcre, PCRE2_NEVER_UTF);
  try {
    code->text = compile(expression, pcre, PCRE2_UTF | PCRE2_UCP);
  } catch (const std::invalid_argument&) {
    code->text = nullptr;
  }
  pcre2_set_match_limit(code->limits.get(), Mapper::max_match_steps);
  pcre2_set_heap_limit(code->limits.get(), max_heap);
  code_ = std::move(code);
  read_names();
}

void Regex::read_names() {
  const auto* code = code_->octets.get();
  std::uint32_t count = 0, names = 0, size = 0;
  PCRE2_SPTR table = nullptr;
  pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &count);
  pcre2_pattern_info(code, PCRE2_INFO_NAMECOUNT, &names);
  pcre2_pattern_info(code, PCRE2_INFO_NAMEENTRYSIZE, &size);
  pcre2_pattern_info(code, PCRE2_INFO_NAMETABLE, &table);
  groups_ = count;
  for (std::uint32_t i = 0; i < names; ++i, table += size) {
    const auto number = static_cast<std::size_t>(table[0] << 8 | table[1]);
    names_.emplace_back(number, reinterpret_cast<const char*>(table + 2));
  }
  std::ranges::sort(names_);
}

bool Regex::match(std::string_view subject, std::vector<Capture>& captures) const {
  if (subject.data() == nullptr) subject = "";
  const OwnedMatch data{
      allocated(pcre2_match_data_create_from_pattern(code_->octets.get(), nullptr))};
  const auto attempt = [&](const OwnedCode& code) {
    return pcre2_match(code.get(), octets_of(subject), subject.size(), 0, 0, data.get(),
                       code_->limits.get());
  };
  int result = code_->text ? attempt(code_->text) : PCRE2_ERROR_UTF8_ERR1;
  if (is_invalid_utf8(result)) result = attempt(code_->octets);
  if (result == PCRE2_ERROR_NOMATCH) return false;
  if (result < 0) {
    throw request_error{400, "a route's regular expression gave up on the path (PCRE2 says " +
                                 std::to_string(result) + ")"};
  }
  const auto* ends = pcre2_get_ovector_pointer(data.get());
  captures.assign(groups_, Capture{});
  for (std::size_t i = 0; i < static_cast<std::size_t>(result) - 1; ++i) {
    const auto begin = ends[2 * i + 2];
    const auto end = ends[2 * i + 3];
    // \K in a lookahead may put a beginning behind its end.
    if (begin != PCRE2_UNSET && begin <= end) captures[i] = subject.substr(begin, end - begin);
  }
  return true;
}

std::string regex_escape(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (std::string_view{"()[]{}?*+-|^$\\.&~# \t\n\r\v\f"}.find(c) != std::string_view::npos) {
      result += '\\';
    }
    result += c;
  }
  return result;
}

std::string regex_of_words(const std::vector<std::string>& words) {
  std::string result;
  for (const auto& word : words) {
    if (&word != &words.front()) result += '|';
    result += regex_escape(word);
  }
  return result;
}

}  // namespace thane::wsgi::internal
