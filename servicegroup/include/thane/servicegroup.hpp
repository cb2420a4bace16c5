// Everything that services and operators need for records of services.
#pragma once

#include <thane/servicegroup/errors.hpp>
#include <thane/servicegroup/heartbeat.hpp>
#include <thane/servicegroup/record.hpp>
#include <thane/servicegroup/settings.hpp>
#include <thane/servicegroup/store.hpp>
