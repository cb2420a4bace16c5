// What a server calls for each request.
#pragma once

#include <functional>

#include <thane/wsgi/request.hpp>
#include <thane/wsgi/response.hpp>

namespace thane::wsgi {

/// A function from a request to its answer. It runs on the fiber of the connection and may block
/// it: other connections go on meanwhile. A request_error that it throws is answered with its
/// status; any other exception is logged once and answered with 500 and no body. A server copies it
/// once for each start; calls run at the same time on several fibers of one thread.
///
///     wsgi::Application hello = [](wsgi::Request&) { return wsgi::Response::text("hello\n"); };
using Application = std::function<Response(Request&)>;

}  // namespace thane::wsgi
