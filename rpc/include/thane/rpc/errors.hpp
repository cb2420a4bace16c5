// What goes wrong between a client and a server, with oslo.messaging's names.
#pragma once

#include <stdexcept>
#include <string>

#include <thane/rpc/target.hpp>

namespace thane::rpc {

/// The base of all of them.
class MessagingException : public std::runtime_error {  // NOLINT(readability-identifier-naming)
 public:
  using std::runtime_error::runtime_error;
};

/// No answer in time: "Timed out waiting for a reply to message ID ...".
class MessagingTimeout : public MessagingException {
 public:
  using MessagingException::MessagingException;
};

/// The message, or the answer to it, got lost on the way and will not come: the broker cannot be
/// reached, or the process that worked on a call has died. Whether it was executed is not known.
class MessageDeliveryFailure : public MessagingException {
 public:
  using MessagingException::MessagingException;
};

/// Nobody listens there. Only for senders that asked to know: Client::Options::at_least_once.
class MessageUndeliverable : public MessagingException {
 public:
  using MessagingException::MessagingException;
};

/// A Target that does not fit what is to be done with it.
class InvalidTarget : public MessagingException {
 public:
  InvalidTarget(const std::string& message, const Target& target);
  [[nodiscard]] const Target& target() const noexcept { return target_; }

 private:
  Target target_;
};

/// The client's version_cap does not allow for the version of a message.
class RPCVersionCapError : public MessagingException {
 public:
  RPCVersionCapError(const std::string& version, const std::string& version_cap);
};

/// A transport_url that makes no sense.
class InvalidTransportURL : public MessagingException {
 public:
  InvalidTransportURL(std::string url, const std::string& message);
  [[nodiscard]] const std::string& url() const noexcept { return url_; }

 private:
  std::string url_;
};

/// There is no driver of that name.
class DriverLoadFailure : public MessagingException {
 public:
  DriverLoadFailure(const std::string& driver, const std::string& reason);
};

/// A server that cannot listen.
class ServerListenError : public MessagingException {
 public:
  ServerListenError(const Target& target, const std::string& reason);
};

}  // namespace thane::rpc
