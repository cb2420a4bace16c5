// What a parent and its worker tell each other, over the socket pair that also tells each that the
// other is gone.
#pragma once

#include <sys/socket.h>

#include <optional>

#include <thane/unique_fd.hpp>

namespace thane::internal {

enum class Word : char {
  ready = 'R',    ///< The worker's: it is.
  hung_up = 'H',  ///< The worker's: somebody has sent it a SIGHUP.
  /// The parent's: restart, or mutate, in place. Not a signal, as it would be one with a SIGHUP of
  /// somebody else that is pending then.
  restart = 'S',
};

/// Fails only if the other is gone, which is noticed elsewhere, or has a heap of words to read.
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

/// True if the other side has gone.
[[nodiscard]] inline bool closed(const UniqueFd& channel) noexcept {
  char byte = 0;
  return ::recv(channel.get(), &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
}

}  // namespace thane::internal
