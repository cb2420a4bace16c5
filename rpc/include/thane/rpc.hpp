// Everything needed for remote procedure calls and notifications.
#pragma once

#include <thane/rpc/client.hpp>
#include <thane/rpc/context.hpp>
#include <thane/rpc/endpoint.hpp>
#include <thane/rpc/errors.hpp>
#include <thane/rpc/notification_listener.hpp>
#include <thane/rpc/notifier.hpp>
#include <thane/rpc/rabbit_options.hpp>
#include <thane/rpc/remote_error.hpp>
#include <thane/rpc/serializer.hpp>
#include <thane/rpc/server.hpp>
#include <thane/rpc/target.hpp>
#include <thane/rpc/transport.hpp>
