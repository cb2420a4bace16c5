// Everything needed to serve HTTP.
#pragma once

#include <thane/wsgi/application.hpp>
#include <thane/wsgi/filter.hpp>
#include <thane/wsgi/loader.hpp>
#include <thane/wsgi/mapper.hpp>
#include <thane/wsgi/middleware/access_log.hpp>
#include <thane/wsgi/middleware/auth_pipeline.hpp>
#include <thane/wsgi/middleware/cascade.hpp>
#include <thane/wsgi/middleware/faultwrap.hpp>
#include <thane/wsgi/middleware/healthcheck.hpp>
#include <thane/wsgi/middleware/http_proxy_to_wsgi.hpp>
#include <thane/wsgi/middleware/request_id.hpp>
#include <thane/wsgi/middleware/sizelimit.hpp>
#include <thane/wsgi/middleware/timeouts.hpp>
#include <thane/wsgi/middleware/urlmap.hpp>
#include <thane/wsgi/request.hpp>
#include <thane/wsgi/response.hpp>
#include <thane/wsgi/router.hpp>
#include <thane/wsgi/routes_middleware.hpp>
#include <thane/wsgi/server.hpp>
#include <thane/wsgi/stock_parts.hpp>
#include <thane/wsgi/submapper.hpp>
#include <thane/wsgi/wsgi_application.hpp>
