// One header field of a message.
#pragma once

#include <string_view>

namespace thane::wsgi {

/// A field as it stands in the message, without the white space around the value. The views live as
/// long as the message they come from.
struct Field {
  std::string_view name;
  std::string_view value;
};

}  // namespace thane::wsgi
