#include "transport.hpp"

#include <algorithm>
#include <string>

#include <thane/fiber.hpp>

#include "files/read_piece.hpp"

namespace thane::wsgi::internal {

SentFile Transport::send_file(int fd, std::uint64_t offset, std::uint64_t size) {
  SentFile sent;
  while (sent.octets < size) {
    const auto wanted = std::min<std::uint64_t>(size - sent.octets, file_piece);
    const std::string piece =
        read_piece(fd, offset + sent.octets, static_cast<std::size_t>(wanted));
    if (piece.empty()) {
      sent.outcome = SentFile::Outcome::file_ended;
      return sent;
    }
    if (!write_all(piece)) {
      sent.outcome = SentFile::Outcome::peer_gone;
      return sent;
    }
    sent.octets += piece.size();
    this_fiber::yield();  // To a peer that reads as fast as we write, nothing else suspends.
  }
  return sent;
}

}  // namespace thane::wsgi::internal
