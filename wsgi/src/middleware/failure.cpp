#include "failure.hpp"

namespace thane::wsgi::internal {

const TimeLimit* TimeLimit::of(const Request& request) noexcept {
  const auto* found = request.attribute<const TimeLimit*>(attribute);
  return found == nullptr ? nullptr : *found;
}

// When several are over, the outermost one has thrown.
const TimeLimit* expired_limit(const Request& request) noexcept {
  const TimeLimit* expired = nullptr;
  for (const auto* limit = TimeLimit::of(request); limit != nullptr; limit = limit->outer) {
    if (limit->scope.expired()) expired = limit;
  }
  return expired;
}

int status_of(const request_error& error) noexcept {
  return error.status() >= 400 && error.status() <= 599 ? error.status() : 400;
}

int status_of_failure(const Request& request) noexcept {
  try {
    throw;
  } catch (const request_error& error) {
    return status_of(error);
  } catch (const timeout_error&) {
    const auto* limit = expired_limit(request);
    return limit == nullptr ? 500 : limit->status;
  } catch (...) {
    return 500;
  }
}

}  // namespace thane::wsgi::internal
