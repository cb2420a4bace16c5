// local://: the processes of one machine, by Unix sockets in a directory.
#pragma once

#include <memory>

#include "../transport.hpp"

namespace thane::rpc::internal {

/// Throws InvalidTransportURL for a directory that is no absolute path.
[[nodiscard]] std::shared_ptr<Driver> make_local_driver(const TransportUrl& url);

}  // namespace thane::rpc::internal
