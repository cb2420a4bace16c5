// What goes wrong with the store of service records.
#pragma once

#include <stdexcept>

namespace thane::servicegroup {

/// A `connection` that names no store. what() says why, and shows no password.
class InvalidConnectionUrl : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// The database cannot be reached, does not answer in time, or refuses. Another attempt may help.
class StoreError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace thane::servicegroup
