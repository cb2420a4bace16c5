// The options of rabbit://, for programs that read them from files.
#pragma once

#include <thane/opt.hpp>

namespace thane::rpc {

/// Group oslo_messaging_rabbit, with oslo.messaging's names and defaults. For
/// Config::from_command_line(); the query of a transport_url may say the same and is stronger:
/// rabbit://host/?amqp_durable_queues=true.
[[nodiscard]] OptGroup rabbit_options();

}  // namespace thane::rpc
