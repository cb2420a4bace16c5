// The part of a queue's name that makes it the queue of one process.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "options.hpp"

namespace thane::rpc::internal::rabbit {

/// How many names were given out to the processes of one service: what the file of oslo.messaging's
/// queue manager holds, "GROUP:COUNT:START". A service that is started again has another process
/// group, or one of another start, and counts from 1 again: it finds the queues it had.
struct NameCount {
  pid_t group = 0;            ///< Of processes.
  std::uint64_t count = 0;    ///< The last one given out.
  std::uint64_t started = 0;  ///< When the group's first process was, in ticks since boot.

  static std::optional<NameCount> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
  /// With the next number for the group of `mine`, whose own count does not matter.
  [[nodiscard]] static NameCount next(const std::optional<NameCount>& last, const NameCount& mine);

  friend bool operator==(const NameCount&, const NameCount&) = default;
};

/// A new random id or, with use_queue_manager, "HOST:PROCESS:NUMBER", from a file in `directory`
/// that processes lock. Throws std::runtime_error if that file cannot be used: it is a link, or
/// somebody else's.
[[nodiscard]] std::string unique_part(const RabbitOptions& options,
                                      const std::string& directory = "/dev/shm");

/// The name of this program as it was started, without directories.
[[nodiscard]] std::string program_name();

}  // namespace thane::rpc::internal::rabbit
