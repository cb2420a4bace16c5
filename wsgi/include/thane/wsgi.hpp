// Everything needed to serve HTTP.
#pragma once

#include <thane/wsgi/application.hpp>
#include <thane/wsgi/file_body.hpp>
#include <thane/wsgi/file_response.hpp>
#include <thane/wsgi/filter.hpp>
#include <thane/wsgi/loader.hpp>
#include <thane/wsgi/mapper.hpp>
#include <thane/wsgi/middleware/basic_auth.hpp>
#include <thane/wsgi/middleware/cors.hpp>
#include <thane/wsgi/middleware/gzip.hpp>
#include <thane/wsgi/middleware/rate_limit.hpp>
#include <thane/wsgi/middleware/static_files.hpp>
#include <thane/wsgi/request.hpp>
#include <thane/wsgi/response.hpp>
#include <thane/wsgi/router.hpp>
#include <thane/wsgi/routes_middleware.hpp>
#include <thane/wsgi/server.hpp>
#include <thane/wsgi/submapper.hpp>
#include <thane/wsgi/wsgi_application.hpp>
