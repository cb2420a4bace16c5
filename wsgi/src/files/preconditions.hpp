// Whether a request that is conditional is to be performed: RFC 9110 section 13.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

#include <thane/wsgi/request.hpp>

namespace thane::wsgi::internal {

/// What tells one state of a resource from another.
struct Validators {
  std::string etag;               ///< With its quotes, and "W/" before them if it is weak.
  std::time_t modified = 0;       ///< What Last-Modified says.
  bool modified_long_ago = true;  ///< At least a second: then no later change has the same date.
};

enum class Precondition : std::uint8_t {
  holds,
  not_modified,  ///< 304
  failed,        ///< 412
};

/// Looks at If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since in the order of
/// section 13.2.2, for a resource that exists. Dates that are none do not count.
[[nodiscard]] Precondition evaluate_preconditions(const Request& request, const Validators& now,
                                                  std::time_t time);

/// True if there is no If-Range, or it names this state and does so strongly.
[[nodiscard]] bool range_is_current(const Request& request, const Validators& now,
                                    std::time_t time);

enum class Comparison : std::uint8_t { strong, weak };

/// Whether one of the tags of a list is the same as `etag`. Ends at what is no tag.
[[nodiscard]] bool any_tag_matches(std::string_view list, std::string_view etag, Comparison how);

}  // namespace thane::wsgi::internal
