// rabbit://: the driver for RabbitMQ.
#pragma once

#include <memory>

#include "transport.hpp"

namespace thane::rpc::internal::rabbit {

/// Throws as Broker::from() does. Connects to nothing before the first use, in a worker.
[[nodiscard]] std::shared_ptr<Driver> make_rabbit_driver(const TransportUrl& url,
                                                         const Snapshot* values);

}  // namespace thane::rpc::internal::rabbit
