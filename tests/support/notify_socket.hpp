// A service manager as sd_notify sees it: the socket that NOTIFY_SOCKET names.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include <thane/unique_fd.hpp>

namespace thane::testing {

/// One datagram, and the pid of its sender as the kernel vouches for it.
struct Notification {
  std::string text;
  pid_t sender = 0;
};

/// Bound from construction on, so that nothing is lost that is sent before receive().
class NotifySocket {
 public:
  /// `address`: a path, or "@name" in the abstract namespace.
  explicit NotifySocket(std::string address);

  /// NOTIFY_SOCKET=address, for ChildOptions::environment.
  [[nodiscard]] std::string variable() const { return "NOTIFY_SOCKET=" + address_; }

  /// Waits for the next datagram; fails the test if none comes.
  Notification receive();
  /// Waits for a datagram with the line `wanted` ("READY=1"), passing over others.
  Notification expect(std::string_view wanted);
  /// What has come already, if anything.
  std::optional<Notification> poll();

 private:
  std::string address_;
  UniqueFd fd_;
};

}  // namespace thane::testing
