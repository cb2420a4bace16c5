// What wraps an application: middleware, as a function.
#pragma once

#include <functional>

#include <thane/wsgi/application.hpp>

namespace thane::wsgi {

/// A function from an application to the application that stands in front of it.
///
///     wsgi::Filter add_server_name = [](wsgi::Application next) -> wsgi::Application {
///       return [next = std::move(next)](wsgi::Request& request) {
///         return next(request).set_header("X-Served-By", "shop");
///       };
///     };
using Filter = std::function<Application(Application)>;

}  // namespace thane::wsgi
