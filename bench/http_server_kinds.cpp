#include <fmt/core.h>

#include <fstream>
#include <utility>

#include "kibibyte.hpp"
#include "servers.hpp"

// What bench_http measures: one worker each, on one processor, that logs nothing and keeps
// connections as long as the client does; else with the defaults.

namespace thane::bench {

namespace {

using std::filesystem::path;

path folder_of_this_program() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path();
}

std::string served_configuration(const std::string& application, const std::string& log_level,
                                 const Place& place, const Setup& setup) {
  return fmt::format(
             "[DEFAULT]\nlog_level = {}\n[served]\napplication = {}\n"
             "[web]\nport = {}\nbacklog = 4096\nwsgi_access_log = false\n"
             "wsgi_default_pool_size = 20000\n",
             log_level, application, place.port) +
         (setup.certificate.empty()
              ? ""
              : fmt::format("use_ssl = true\ncert_file = {}\n", setup.certificate.string()));
}

Server make_served(const std::string& name, const std::string& application,
                   const std::string& log_level = "warning") {
  return {.name = name,
          .column = name,
          .program = folder_of_this_program() / "served",
          .package = {},
          .configuration = "served.conf",
          .arguments = {"--config-file"},
          .configure = [application, log_level](const Place& place, const Setup& setup) {
            return served_configuration(application, log_level, place, setup);
          }};
}

/// A program that takes nothing but its port.
Server make_simple(const std::string& name, const path& program, const std::string& package,
                   std::vector<std::string> arguments = {}) {
  return {.name = name,
          .column = name,
          .program = program,
          .package = package,
          .configuration = {},
          .arguments = std::move(arguments),
          .configure = {}};
}

/// Its answers are ready in its configuration; it cannot echo.
std::string nginx_configuration(const Place& place, const Setup& setup) {
  const bool tls = !setup.certificate.empty();
  std::string text = fmt::format(
      "daemon off; {0} worker_processes 1; pid {1}/pid; error_log stderr;\n"
      "events {{ worker_connections 20000; }}\n"
      "http {{ access_log off; keepalive_requests 1000000000; default_type text/plain;\n"
      "  client_body_temp_path {1}/body; proxy_temp_path {1}/proxy;\n"
      "  fastcgi_temp_path {1}/fastcgi; uwsgi_temp_path {1}/uwsgi; scgi_temp_path {1}/scgi;\n"
      "  server {{ listen 127.0.0.1:{2} backlog=4096{3};\n",
      ::geteuid() == 0 ? "user root;" : "", place.folder.string(), place.port, tls ? " ssl" : "");
  if (tls) {
    // nginx 1.22 offers no TLS 1.3 unless it is told to.
    text += fmt::format(
        "ssl_certificate {0}; ssl_certificate_key {0}; ssl_protocols TLSv1.2 TLSv1.3;\n",
        setup.certificate.string());
  }
  return text + fmt::format(
                    "location / {{ return 200 \"Hello, World!\"; }}\n"
                    "location /json {{ default_type application/json; return 200 '{}'; }} }} }}\n",
                    kibibyte().dump());
}

Server make_nginx() {
  return {.name = "nginx",
          .column = "nginx",
          .program = "/usr/sbin/nginx",
          .package = "nginx-light",
          .configuration = "nginx.conf",
          .arguments = {"-c"},
          .configure = nginx_configuration};
}

/// Threads, as its sync workers keep no connection.
Server make_gunicorn(const path& here) {
  const auto configure = [here](const Place& place, const Setup&) {
    return fmt::format(
        "bind = '127.0.0.1:{}'\nchdir = '{}'\nwsgi_app = 'peer_application'\n"
        "worker_class = 'gthread'\nworkers = 1\nthreads = 4\nkeepalive = 75\n",
        place.port, here.string());
  };
  return {.name = "gunicorn",
          .column = "gunicorn",
          .program = "/usr/bin/gunicorn",
          .package = "gunicorn",
          .configuration = "gunicorn.conf.py",
          .arguments = {"-c"},
          .configure = configure};
}

/// It keeps no connection where it has one process and no proxy in front.
Server make_uwsgi(const path& here) {
  const auto configure = [here](const Place& place, const Setup&) {
    return fmt::format(
        "[uwsgi]\nstrict = true\nplugin = python3\nwsgi-file = {}/peer_application.py\n"
        "http-socket = 127.0.0.1:{}\nneed-app = true\ndisable-logging = true\n",
        here.string(), place.port);
  };
  return {.name = "uWSGI",
          .column = "uWSGI",
          .program = "/usr/bin/uwsgi-core",
          .package = "uwsgi-core uwsgi-plugin-python3",
          .configuration = "uwsgi.ini",
          .arguments = {"--ini"},
          .configure = configure,
          .plugin = "/usr/lib/uwsgi/plugins/python3_plugin.so"};
}

}  // namespace

std::vector<Server> http_servers() {
  const path here = folder_of_this_program();
  Server eventlet = make_simple("eventlet", "/usr/bin/python3", "python3-oslo.service",
                                {here / "peer_eventlet.py"});
  eventlet.plugin = "/usr/lib/python3/dist-packages/oslo_service/wsgi.py";
  return {make_served("thane", "bare"),
          make_served("thane router", "router"),
          make_served("thane filters", "filters"),
          make_served("thane filters log", "filters", "info"),
          make_simple("raw_epoll", here / "raw_epoll", {}),
          make_nginx(),
          make_simple("cpp-httplib", here / "peer_httplib", "libcpp-httplib-dev, and build again"),
          make_gunicorn(here),
          make_uwsgi(here),
          std::move(eventlet)};
}

}  // namespace thane::bench
