#include <thane/rpc/errors.hpp>

#include <utility>

// The texts are those of oslo.messaging, which people know and search for.

namespace thane::rpc {

InvalidTarget::InvalidTarget(const std::string& message, const Target& target)
    : MessagingException(message + ":" + to_string(target)), target_(target) {}

RPCVersionCapError::RPCVersionCapError(const std::string& version, const std::string& version_cap)
    : MessagingException("Requested message version, " + version +
                         " is incompatible.  It needs to be equal in major version and less than "
                         "or equal in minor version as the specified version cap " +
                         version_cap + ".") {}

InvalidTransportURL::InvalidTransportURL(std::string url, const std::string& message)
    : MessagingException(message), url_(std::move(url)) {}

DriverLoadFailure::DriverLoadFailure(const std::string& driver, const std::string& reason)
    : MessagingException("Failed to load transport driver \"" + driver + "\": " + reason) {}

ServerListenError::ServerListenError(const Target& target, const std::string& reason)
    : MessagingException("Failed to listen on " + to_string(target) + ": " + reason) {}

}  // namespace thane::rpc
