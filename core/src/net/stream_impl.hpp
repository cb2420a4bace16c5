// What a Stream is made of.
#pragma once

#include <thane/internal/watched_fd.hpp>
#include <thane/stream.hpp>

#include "address.hpp"

namespace thane {

class Stream::Impl : public internal::WatchedFd {
 public:
  using WatchedFd::WatchedFd;

  internal::SocketAddress accepted_from;  // Empty if it was not.
};

}  // namespace thane
