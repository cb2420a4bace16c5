// Everything needed to serve HTTP.
#pragma once

#include <thane/wsgi/api_router.hpp>
#include <thane/wsgi/api_versions.hpp>
#include <thane/wsgi/application.hpp>
#include <thane/wsgi/controller.hpp>
#include <thane/wsgi/fault.hpp>
#include <thane/wsgi/filter.hpp>
#include <thane/wsgi/links.hpp>
#include <thane/wsgi/loader.hpp>
#include <thane/wsgi/mapper.hpp>
#include <thane/wsgi/pagination.hpp>
#include <thane/wsgi/request.hpp>
#include <thane/wsgi/resource.hpp>
#include <thane/wsgi/response.hpp>
#include <thane/wsgi/router.hpp>
#include <thane/wsgi/routes_middleware.hpp>
#include <thane/wsgi/server.hpp>
#include <thane/wsgi/submapper.hpp>
#include <thane/wsgi/wsgi_application.hpp>
#include <thane/wsgi/wsgi_service.hpp>
