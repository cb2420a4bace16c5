// A web service from one configuration file, or a directory of them, in one call: Swift's run_wsgi.
#pragma once

#include <string>
#include <vector>

#include <thane/opt.hpp>
#include <thane/wsgi/wsgi_service.hpp>

namespace thane {

struct RunWsgiOptions {
  /// The section [app:NAME] whose settings, with those of [DEFAULT], say how to serve. Names the
  /// service in the log, too.
  std::string app_section;
  wsgi::RegistryMaker registry;  ///< What the file may name.
  /// More options of the program, from the command line and --config-file.
  std::vector<OptGroup> groups = {};
};

/// Serves the application [pipeline:main], or [app:main], of a Paste file until it is told to stop;
/// returns the status for main(). The program's first argument is the file, or a directory whose
/// *.conf files are one; all others are options:
///
///     // proxy_server /etc/proxy-server.conf.d --check-config
///     int main(int argc, char** argv) {
///       return thane::run_wsgi(argc, argv, {.app_section = "proxy-server",
///                                           .registry = make_registry});
///     }
///
/// The file says in Swift's words how to serve: bind_ip, bind_port, workers (a number, 0 or
/// "auto"), user, cert_file, key_file, client_timeout, max_clients, log_level and others
/// (docs/wsgi-service.md). Options of launchers (thane::launcher_options()) and of wsgi::options()
/// may be there under their own names. What the command line, the environment and thane's own files
/// say goes before it; a group [server] holds the server's options there.
///
/// In this order: reads the file, loads the application, binds (and waits for an address that is
/// taken, up to bind_timeout), takes standard output and error into the log, becomes `user`, forks.
/// SIGHUP reads the file again; if it is broken, everything stays as it was. Exits as
/// Config::from_command_line(), 2 if no file is named. Throws what the launcher and wsgi::Server
/// throw, config_error for a file that cannot be used.
[[nodiscard]] int run_wsgi(int argc, const char* const* argv, const RunWsgiOptions& options);

}  // namespace thane
