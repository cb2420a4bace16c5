#include "measurements.hpp"

namespace thane::bench {

const std::vector<Measurement>& all_measurements() {
  // gunicorn's sync workers are its default; they keep no connection and serve one request.
  static const std::vector<std::string> all{"thane", "nginx", "HAProxy", "gunicorn sync", "uWSGI"};
  static const std::vector<std::string> programmable{"thane", "gunicorn sync", "uWSGI"};
  static const std::vector<std::string> every_way{"thane",           "nginx",
                                                  "nginx reuseport", "HAProxy",
                                                  "gunicorn sync",   "gunicorn gthread",
                                                  "uWSGI",           "uWSGI chain reload"};
  static const std::vector<std::string> keeping{
      "thane", "nginx", "HAProxy", "HAProxy idle-close-on-response", "gunicorn gthread"};
  static const std::vector<Measurement> measurements{
      {"reload", 1, every_way, measure_reload},
      {"reload-kept", 1, keeping, measure_reload_kept},
      {"start", 5, all, measure_start},
      {"respawn", 5, all, measure_respawn},
      {"serving", 5, {"thane", "nginx", "gunicorn sync", "uWSGI"}, measure_serving},
      {"orphans", 5, all, measure_orphans},
      {"stop", 5, all, measure_stop},
      {"stuck-stop", 1, all, measure_stuck_stop},
      {"hang", 1, {"thane", "nginx", "gunicorn sync", "uWSGI"}, measure_hang},
      {"crash-loop", 1, programmable, measure_crash_loop},
      {"broken-configuration", 1, all, measure_broken_configuration},
      {"broken-application", 1, programmable, measure_broken_application},
      {"reload-storm", 1, all, measure_reload_storm},
      {"slow-stop", 1, programmable, measure_slow_stop},
      {"slow-reload", 1, programmable, measure_slow_reload},
      {"descriptors",
       1,
       {"thane", "nginx", "HAProxy", "gunicorn gthread", "uWSGI"},
       measure_descriptors},
      {"sequential", 1, {"thane", "nginx", "gunicorn gthread", "uWSGI"}, measure_sequential},
      {"long-lived", 1, {"thane", "nginx", "gunicorn gthread"}, measure_long_lived},
      {"idle", 1, all, measure_idle},
      {"many", 1, {"thane", "nginx"}, measure_many},
  };
  return measurements;
}

}  // namespace thane::bench
