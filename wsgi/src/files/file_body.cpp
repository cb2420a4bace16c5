#include <thane/wsgi/file_body.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "read_piece.hpp"

namespace thane::wsgi {

std::optional<std::string> FileBody::operator()() {
  if (left_ == 0) return std::nullopt;
  const auto size = std::min<std::uint64_t>(left_, internal::file_piece);
  std::string octets = internal::read_piece(fd(), offset_, static_cast<std::size_t>(size));
  if (octets.empty()) {
    throw std::runtime_error("the file became shorter while it was sent: " + std::to_string(left_) +
                             " octets are missing");
  }
  offset_ += octets.size();
  left_ -= octets.size();
  tell_sent(octets.size());
  return octets;
}

FileBody FileBody::observed(std::function<void(std::uint64_t)> observer) const {
  FileBody result = *this;
  result.observer_ = std::make_shared<const std::function<void(std::uint64_t)>>(
      [first = observer_, then = std::move(observer)](std::uint64_t octets) {
        if (first) (*first)(octets);
        then(octets);
      });
  return result;
}

FileBody FileBody::owned_by(std::shared_ptr<const void> owner) const {
  FileBody result = *this;
  result.owner_ =
      std::make_shared<const std::pair<std::shared_ptr<const void>, std::shared_ptr<const void>>>(
          std::move(owner), std::exchange(result.owner_, nullptr));
  return result;
}

}  // namespace thane::wsgi
