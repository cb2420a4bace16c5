#include <thane/wsgi/file_body.hpp>

#include <algorithm>
#include <stdexcept>

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
  return octets;
}

}  // namespace thane::wsgi
