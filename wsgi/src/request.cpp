#include <thane/wsgi/request.hpp>

#include "body_source.hpp"
#include "characters.hpp"
#include "percent.hpp"
#include "request_head.hpp"
#include "surroundings.hpp"

namespace thane::wsgi {

using internal::BodyFraming;
using internal::Plus;

Request::Request(const internal::RequestHead& head, internal::BodySource& body,
                 const internal::Surroundings& surroundings)
    : head_(head), body_(body), surroundings_(surroundings) {
  if (head.path.find('%') != std::string_view::npos) {
    decoded_path_ = internal::percent_decode(head.path, Plus::literal);
  }
}

std::string_view Request::method() const noexcept {
  return head_.method;
}
std::string_view Request::target() const noexcept {
  return head_.target;
}
std::string_view Request::raw_path() const noexcept {
  return head_.path;
}
std::string_view Request::query() const noexcept {
  return head_.query;
}
std::string_view Request::authority() const noexcept {
  return head_.authority;
}
int Request::minor_version() const noexcept {
  return head_.minor_version;
}
std::span<const Field> Request::headers() const noexcept {
  return head_.fields();
}

std::string_view Request::peer_address() const noexcept {
  return surroundings_.peer;
}
std::string_view Request::server_name() const noexcept {
  return surroundings_.server_name;
}
std::string_view Request::server_port() const noexcept {
  return surroundings_.server_port;
}
std::string_view Request::scheme() const noexcept {
  return surroundings_.secure ? "https" : "http";
}
bool Request::draining() const noexcept {
  return surroundings_.ending != nullptr && *surroundings_.ending;
}

std::string_view Request::path() const noexcept {
  return decoded_path_.empty() ? head_.path : std::string_view{decoded_path_};
}

std::optional<std::string> Request::query_parameter(std::string_view name) const {
  std::string_view rest = head_.query;
  while (!rest.empty()) {
    const auto pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const auto equals = pair.find('=');
    if (internal::percent_decode(pair.substr(0, equals), Plus::space) != name) continue;
    const auto value =
        equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1);
    return internal::percent_decode(value, Plus::space);
  }
  return std::nullopt;
}

std::optional<std::string_view> Request::header(std::string_view name) const noexcept {
  for (const auto& field : head_.fields()) {
    if (field.name.size() != name.size()) continue;
    std::size_t i = 0;
    while (i < name.size() && internal::to_lower(field.name[i]) == internal::to_lower(name[i])) ++i;
    if (i == name.size()) return field.value;
  }
  return std::nullopt;
}

bool Request::has_body() const noexcept {
  return head_.framing != BodyFraming::none;
}

std::optional<std::uint64_t> Request::content_length() const noexcept {
  if (head_.framing != BodyFraming::length) return std::nullopt;
  return head_.content_length;
}

std::string_view Request::read_some() {
  return body_.read_some();
}

std::string Request::read_all(std::size_t limit) {
  const auto check = [limit](std::uint64_t size) {
    if (size > limit) {
      throw request_error{413, "the body is larger than " + std::to_string(limit) + " octets"};
    }
  };
  std::string all;
  if (head_.framing == BodyFraming::length) check(head_.content_length);
  for (auto piece = read_some(); !piece.empty(); piece = read_some()) {
    check(all.size() + piece.size());
    all.append(piece);
  }
  return all;
}

}  // namespace thane::wsgi
