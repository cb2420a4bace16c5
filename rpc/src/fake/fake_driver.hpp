// fake://: messages that do not leave the process.
#pragma once

#include <memory>

#include "../transport.hpp"

namespace thane::rpc::internal {

[[nodiscard]] std::shared_ptr<Driver> make_fake_driver(const TransportUrl& url);

}  // namespace thane::rpc::internal
