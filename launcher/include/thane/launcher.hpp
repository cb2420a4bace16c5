// Everything needed to launch services.
#pragma once

#include <thane/hooks.hpp>
#include <thane/launch.hpp>
#include <thane/process_launcher.hpp>
#include <thane/service_launcher.hpp>
#include <thane/service_wrapper.hpp>
#include <thane/signal_handler.hpp>
