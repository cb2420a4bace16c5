#include "routing/dispatch.hpp"

#include <string>

#include "percent.hpp"

namespace thane::wsgi::internal {

Response redirect_response(const Mapper& mapper, const RouteMatch& match, const Request& request) {
  auto location = mapper.destination(match);
  if (match.destination.find("://") == std::string_view::npos) {
    location.insert(0, percent_encode(request.script_name(), Kept::path));
  }
  return Response{match.redirect_status}.add_header("Location", location);
}

void move_path_info(Request& request, const RouteMatch& match) {
  const auto* found = match.arguments.find("path_info");
  if (found == nullptr) return;
  const auto path = request.path();
  const std::string rest = found->value_or("");
  if (path.ends_with(rest)) {
    const auto before = path.size() - rest.size();
    if (rest.starts_with('/')) return request.shift_path(before);
    if (before > 0 && path[before - 1] == '/') return request.shift_path(before - 1);
  }
  // It is not the end of the path: a default, say, or followed by something.
  request.shift_path(path.size());
  request.set_path(rest.starts_with('/') ? rest : "/" + rest);
}

}  // namespace thane::wsgi::internal
