// What a worker tells its parent, over the socket pair that also tells each that the other is gone.
#pragma once

#include <sys/socket.h>

#include <optional>

#include <thane/unique_fd.hpp>

namespace thane::internal {

enum class Word : char {
  ready = 'R',
  hung_up = 'H',  ///< Somebody else than the parent has sent this worker a SIGHUP.
};

/// Fails only if the parent is gone, and that is noticed elsewhere.
inline void say(const UniqueFd& channel, Word word) noexcept {
  (void)::send(channel.get(), &word, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/// The next word, if one has come. Does not block.
[[nodiscard]] inline std::optional<Word> hear(const UniqueFd& channel) noexcept {
  Word word{};
  if (::recv(channel.get(), &word, 1, MSG_DONTWAIT) != 1) {
    return std::nullopt;
  }
  return word;
}

}  // namespace thane::internal
