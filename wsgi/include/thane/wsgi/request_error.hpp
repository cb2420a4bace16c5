// What an application throws to refuse a request.
#pragma once

#include <stdexcept>
#include <string>

namespace thane::wsgi {

/// The request cannot be served, and it is the client's doing. Thrown by Request while a body is
/// read, and by applications: out of an application it becomes an answer with `status` and no body.
class request_error : public std::runtime_error {
 public:
  request_error(int status, const std::string& what) : std::runtime_error(what), status_(status) {}
  [[nodiscard]] int status() const noexcept { return status_; }

 private:
  int status_;
};

}  // namespace thane::wsgi
