#include "interpolation.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <thane/internal/in_quotes.hpp>

namespace thane::wsgi::internal {

namespace {

using thane::internal::in_quotes;

class Interpolation {
 public:
  explicit Interpolation(const RawValue& raw_value) : raw_value_(raw_value) {}

  Interpolated run(std::string_view raw) {
    if (!append(raw, 1)) {
      result_.value.clear();
    }
    return std::move(result_);
  }

 private:
  // False: result_.error says why.
  bool append(std::string_view rest, std::size_t depth) {
    if (!count(rest.size())) {
      return false;
    }
    if (depth > deepest_interpolation) {
      return fail("cannot be substituted in {} steps; do its references form a circle?",
                  deepest_interpolation);
    }
    while (!rest.empty()) {
      const std::size_t percent = std::min(rest.find('%'), rest.size());
      result_.value += rest.substr(0, percent);
      rest.remove_prefix(percent);
      if (rest.starts_with("%%")) {
        result_.value += '%';
        rest.remove_prefix(2);
      } else if (!rest.empty() && !append_reference(rest, depth)) {
        return false;
      }
    }
    return true;
  }

  bool append_reference(std::string_view& rest, std::size_t depth) {
    if (!rest.starts_with("%(")) {
      return fail("has {}; a percent sign has to be written %%", in_quotes(rest.substr(0, 20)));
    }
    const std::size_t close = rest.find(')');
    if (close == rest.npos || close == 2 || rest.substr(close + 1, 1) != "s") {
      return fail(
          "has a bad interpolation variable reference {}; write %(name)s, or %% for a "
          "percent sign",
          in_quotes(rest.substr(0, 20)));
    }
    const std::string_view name = rest.substr(2, close - 2);
    rest.remove_prefix(close + 2);
    const auto value = raw_value_(name);
    if (!value) {
      return fail(
          "contains an interpolation key {}, which is neither in its section nor in "
          "[DEFAULT]",
          in_quotes(name));
    }
    if (value->find('%') != value->npos) {
      return append(*value, depth + 1);
    }
    result_.value += *value;
    return count(value->size());
  }

  // Ten values that refer ten times to the next are 10^10 pieces: bounded by what is read.
  bool count(std::size_t octets) {
    octets_ += octets;
    return octets_ <= largest_interpolation ||
           fail("grows beyond 1 MiB with its references replaced");
  }

  template <class... Args>
  bool fail(fmt::format_string<Args...> format, Args&&... args) {
    result_.error = fmt::format(format, std::forward<Args>(args)...);
    return false;
  }

  const RawValue& raw_value_;
  std::size_t octets_ = 0;
  Interpolated result_;
};

}  // namespace

Interpolated interpolate(std::string_view raw, const RawValue& raw_value) {
  return Interpolation{raw_value}.run(raw);
}

}  // namespace thane::wsgi::internal
