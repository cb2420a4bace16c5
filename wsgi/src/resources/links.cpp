#include <thane/wsgi/links.hpp>

#include "percent.hpp"

namespace thane::wsgi {

namespace {

// What the application's links begin with, without '/' at the end.
std::string host_of(const Request& request, std::string_view public_endpoint) {
  if (!public_endpoint.empty()) {
    return std::string{public_endpoint.substr(0, public_endpoint.find_last_not_of('/') + 1)};
  }
  std::string host{request.scheme()};
  host += "://";
  if (!request.authority().empty()) return host.append(request.authority());
  return host.append(request.server_name()).append(":").append(request.server_port());
}

}  // namespace

std::string link_to(const Request& request, std::string_view path,
                    std::string_view public_endpoint) {
  return host_of(request, public_endpoint) +
         internal::percent_encode(request.script_name(), internal::Kept::path) + std::string{path};
}

}  // namespace thane::wsgi
