// What a parent and its worker tell each other, over the socket pair that also tells each that the
// other is gone.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <thane/unique_fd.hpp>

namespace thane::internal {

enum class Word : char {
  // The worker's:
  ready = 'R',    ///< It is.
  failed = 'F',   ///< It cannot go on; the text says why. It ends next.
  hung_up = 'H',  ///< Somebody has sent it a SIGHUP.
  recycle = 'C',  ///< It has passed a limit, named by the text, and wants to be replaced.
  mutated = 'M',  ///< The answer to mutate; the text says what went wrong, if anything did.
  // The parent's:
  /// Restart, or mutate, in place, on its own. Not a signal, as it would be one with a SIGHUP of
  /// somebody else that is pending then.
  restart = 'S',
  mutate = 'U',  ///< Take up the configuration in the file; the text is its generation.
};

struct Message {
  Word word{};
  std::string text = {};
  UniqueFd file = {};
};

/// A longer text is cut.
inline constexpr std::size_t max_message_text = 2000;

/// Fails only if the other is gone, which is noticed elsewhere, or has a heap of words to read.
void say(const UniqueFd& channel, Word word, std::string_view text = {}, int file = -1) noexcept;

/// The next message, if one has come. Does not block.
[[nodiscard]] std::optional<Message> hear(const UniqueFd& channel);

/// True if the other side has gone.
[[nodiscard]] bool closed(const UniqueFd& channel) noexcept;

/// A file in memory with this content, to be said. Throws std::system_error.
[[nodiscard]] UniqueFd file_of(std::string_view content);
[[nodiscard]] std::string content_of(const UniqueFd& file);

}  // namespace thane::internal
