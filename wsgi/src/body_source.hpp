// Where a Request gets its body from.
#pragma once

#include <string_view>

namespace thane::wsgi::internal {

class BodySource {
 public:
  virtual ~BodySource() = default;

  /// The next octets, decoded; empty at the end. Valid until the next call.
  /// Throws request_error if the body is malformed, cut off or too slow.
  virtual std::string_view read_some() = 0;

 protected:
  BodySource() = default;
  BodySource(const BodySource&) = default;
  BodySource& operator=(const BodySource&) = default;
};

}  // namespace thane::wsgi::internal
