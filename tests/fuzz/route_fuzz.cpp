// Any bytes as a pattern, a line feed, and a path: what is found without an engine is what the
// regular expression for the whole route finds, and the index loses nothing of it.
#include <thane/assert.hpp>
#include <thane/wsgi/mapper.hpp>
#include <thane/wsgi/request.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz_target.hpp"
#include "routing/route.hpp"
#include "routing/route_regex.hpp"

namespace {

using thane::wsgi::Mapper;
using thane::wsgi::MapperOptions;
using thane::wsgi::RouteArguments;
using namespace thane::wsgi::internal;

const std::vector<std::string> controllers{"a", "b/c"};

bool is_ascii(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

void check_by_regex(const Route& route, std::string_view path,
                    const std::optional<RouteArguments>& found) {
  const RouteText text{route.parts, route.requirements, route.defaults, controllers};
  std::vector<Capture> captures;
  const Regex regex{full_regex(text)};
  THANE_ASSERT(regex.match(path, captures) == found.has_value());
  if (!found || regex.groups() != found->size()) return;  // Expressions may have groups.
  auto capture = captures.begin();
  for (const auto& argument : *found) {
    THANE_ASSERT(argument.second.has_value() == (capture->data() != nullptr));
    THANE_ASSERT(argument.second.value_or("") == *capture);
    ++capture;
  }
}

void check(std::string_view pattern, std::string_view path, bool minimization) {
  const MapperOptions options{.minimization = minimization, .controllers = controllers};
  const Route route{"", pattern, {}, options};
  const auto found = route.match(path);
  Mapper mapper{options};
  mapper.connect(pattern);
  const auto match = mapper.match(path);
  THANE_ASSERT(match.has_value() == found.has_value());
  if (match) THANE_ASSERT(match->arguments == *found);
  if (!minimization && is_ascii(path)) check_by_regex(route, path, found);
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  return {"/items/{id}{.format}\n/items/1.2.json",   "/{a}-{b}.:(c)/*rest\n/x-y-z.w/a/b",
          "/v/{id:\\d+}/{kind:ab|b}/x\n/v/12/ab/x",  "/:controller/:action-:id\n/b/c/b-a",
          "/{p:[^\\/]+(?<!\\\\)}/{q:.*}\n/a\\b/c/d", "/{a:(1|a)+}/{b:[a-c-]\\{1,2\\}}\n/1a/b-"};
}

std::string fuzz_alphabet() {
  return "/{}:()*.-\\[]^+?|,;#_ab12cdw\n";
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto end = std::min(text.find('\n'), size);
  const auto path = text.substr(std::min(end + 1, size));
  const bool minimization = size % 4 == 3;
  try {
    check(text.substr(0, end), path, minimization);
  } catch (const std::invalid_argument&) {  // A pattern that is none.
  } catch (const thane::wsgi::request_error& error) {
    THANE_ASSERT(error.status() == 400);
  }
  return 0;
}
