#include <thane/wsgi/request.hpp>

#include <algorithm>
#include <stdexcept>

#include "characters.hpp"
#include "percent.hpp"
#include "request_changes.hpp"
#include "request_head.hpp"
#include "surroundings.hpp"

namespace thane::wsgi {

using internal::BodyFraming;
using internal::Plus;

Request::Request(const internal::RequestHead& head, internal::BodySource& body,
                 const internal::Surroundings& surroundings)
    : head_(head), body_(body), surroundings_(surroundings) {
  if (!head.plain_target && head.path.find('%') != std::string_view::npos) {
    decoded_path_ = internal::percent_decode(head.path, Plus::literal);
  }
  path_ = decoded_path_.empty() ? head.path : std::string_view{decoded_path_};
  script_name_ = path_.substr(0, 0);
}

Request::~Request() = default;

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
  return changes_ && changes_->authority ? *changes_->authority : head_.authority;
}
int Request::minor_version() const noexcept {
  return head_.minor_version;
}
std::span<const Field> Request::headers() const noexcept {
  return head_.fields();
}

std::string_view Request::peer_address() const noexcept {
  return changes_ && changes_->peer ? *changes_->peer : surroundings_.peer;
}
std::string_view Request::server_name() const noexcept {
  return surroundings_.server_name;
}
std::string_view Request::server_port() const noexcept {
  return surroundings_.server_port;
}
std::string_view Request::scheme() const noexcept {
  if (changes_ && changes_->scheme) return *changes_->scheme;
  return surroundings_.secure ? "https" : "http";
}
const ClientCertificate* Request::client_certificate() const noexcept {
  return surroundings_.client;
}
bool Request::draining() const noexcept {
  return surroundings_.ending != nullptr && *surroundings_.ending;
}

void Request::shift_path(std::size_t octets) {
  if (octets > path_.size()) {
    throw std::out_of_range("the path \"" + std::string{path_} + "\" has fewer than " +
                            std::to_string(octets) + " octets");
  }
  if (script_name_.data() + script_name_.size() == path_.data()) {
    script_name_ = {script_name_.data(), script_name_.size() + octets};
  } else {
    auto& changes = Changes::of(changes_);
    script_name_ = changes.keep(std::string{script_name_}.append(path_.substr(0, octets)));
  }
  path_.remove_prefix(octets);
}

void Request::set_path(std::string path) {
  path_ = Changes::of(changes_).keep(std::move(path));
}

void Request::set_script_name(std::string script_name) {
  script_name_ = Changes::of(changes_).keep(std::move(script_name));
}

void Request::set_authority(std::string authority) {
  auto& changes = Changes::of(changes_);
  changes.authority = changes.keep(std::move(authority));
}

void Request::set_peer_address(std::string address) {
  auto& changes = Changes::of(changes_);
  changes.peer = changes.keep(std::move(address));
}

void Request::set_scheme(std::string scheme) {
  auto& changes = Changes::of(changes_);
  changes.scheme = changes.keep(std::move(scheme));
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
  return changes_ ? changes_->body.read_some(body_) : body_.read_some();
}

void Request::unread(std::string octets) {
  Changes::of(changes_).body.put_back(octets);
}

void Request::limit_body(std::uint64_t octets) {
  Changes::of(changes_).body.limit(octets);
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
