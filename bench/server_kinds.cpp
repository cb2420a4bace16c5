#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <stdexcept>

#include <thane/check.hpp>

#include "servers.hpp"

// Each server is run as its manual says for production where it matters here: no access log, a
// deadline for a graceful stop, the graceful one of its stops. Else with its defaults.

namespace thane::bench {

namespace {

using std::filesystem::path;

bool knows_option(const std::string& program, const std::string& option) {
  std::FILE* const output = ::popen((program + " --sample-config").c_str(), "r");
  if (output == nullptr) throw std::runtime_error("popen failed");
  std::string text;
  for (int c = std::getc(output); c != EOF; c = std::getc(output)) {
    text.push_back(static_cast<char>(c));
  }
  ::pclose(output);
  return text.find(option) != std::string::npos;
}

std::string thane_configuration(const std::string& program, const Place& place,
                                const Setup& setup) {
  std::string text = fmt::format("[supervised]\nbroken_if = {}/broken\ndies_after = {}ms\n",
                                 place.folder.string(), setup.dies_young ? 50 : 0);
  text += fmt::format("[web]\nport = {}\nwsgi_access_log = false\n", place.port);
  if (setup.one_at_a_time) text += "wsgi_default_pool_size = 1\n";
  text += fmt::format("[DEFAULT]\nworkers = {}\ngraceful_shutdown_timeout = {}s\n", setup.workers,
                      setup.drain_limit.count());
  if (setup.hang_limit.count() > 0 && knows_option(program, "worker_timeout")) {
    text += fmt::format("worker_timeout = {}s\n", setup.hang_limit.count());
  }
  return text;
}

Server make_thane() {
  const path here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  const std::string program = here / "supervised";
  return {.name = "thane",
          .column = "thane",
          .program = program,
          .package = "nothing, but build it",
          .configuration = "thane.conf",
          .arguments = {"--config-file"},
          .configure =
              [program](const Place& place, const Setup& setup) {
                return thane_configuration(program, place, setup);
              },
          .break_application = [](const Place& place) { std::ofstream{place.folder / "broken"}; },
          .broken_line = "no_such_option = 1"};
}

Server make_nginx(const std::string& listen_option) {
  const auto configure = [listen_option](const Place& place, const Setup& setup) {
    return fmt::format(
        "daemon off; {0} worker_processes {1}; pid {2}/pid; error_log stderr;\n"
        "worker_shutdown_timeout {5}s; events {{ }}\n"
        "http {{ access_log off; client_body_temp_path {2}/body; proxy_temp_path {2}/proxy;\n"
        "  fastcgi_temp_path {2}/fastcgi; uwsgi_temp_path {2}/uwsgi; scgi_temp_path {2}/scgi;\n"
        "  server {{ listen 127.0.0.1:{3} {4}; location / {{ return 200 \"$pid\\n\"; }} }} }}\n",
        ::geteuid() == 0 ? "user root;" : "", setup.workers, place.folder.string(), place.port,
        listen_option, setup.drain_limit.count());
  };
  return {.name = listen_option.empty() ? "nginx" : "nginx " + listen_option,
          .column = "nginx",
          .program = "/usr/sbin/nginx",
          .package = "nginx-light",
          .configuration = "nginx.conf",
          .arguments = {"-c"},
          .configure = configure,
          .stop_signal = SIGQUIT};
}

Server make_haproxy(const std::string& option) {
  const auto configure = [option](const Place& place, const Setup& setup) {
    return fmt::format(
        "global\n  nbthread {0}\n  hard-stop-after {1}s\n"
        "  stats socket {2}/socket mode 600 level admin expose-fd listeners\n"
        "defaults\n  mode http\n  timeout client 30s\n  timeout server 30s\n"
        "  timeout connect 5s\n  {4}\n"
        "frontend web\n  bind 127.0.0.1:{3}\n"
        "  http-request return status 200 content-type text/plain lf-string \"%pid\\n\"\n",
        setup.workers, setup.drain_limit.count(), place.folder.string(), place.port,
        option.empty() ? "" : "option " + option);
  };
  return {.name = option.empty() ? "HAProxy" : "HAProxy " + option,
          .column = "HAProxy",
          .program = "/usr/sbin/haproxy",
          .package = "haproxy",
          .configuration = "haproxy.cfg",
          .arguments = {"-W", "-f"},
          .configure = configure,
          .stop_signal = SIGUSR1,
          .reload_signal = SIGUSR2,
          .has_workers = false};
}

/// What gunicorn and uWSGI run.
void write_python(const Place& place, const Setup& setup) {
  std::ofstream{place.folder / "app.py"}
      << "import os, signal, time\n"
         "def application(environ, start_response):\n"
         "    if environ['PATH_INFO'] == '/slow':\n"
         "        time.sleep(2)\n"
         "    body = b'%d\\n' % os.getpid()\n"
         "    start_response('200 OK', [('Content-Type', 'text/plain'),\n"
         "                              ('Content-Length', str(len(body)))])\n"
         "    return [body]\n"
      << (setup.dies_young ? "signal.setitimer(signal.ITIMER_REAL, 0.05)\n" : "");
}

void break_python(const Place& place) {
  std::ofstream{place.folder / "app.py"} << "raise RuntimeError('broken on purpose')\n";
}

Server make_gunicorn(const std::string& worker_class) {
  const auto configure = [worker_class](const Place& place, const Setup& setup) {
    write_python(place, setup);
    const auto hang_limit = setup.hang_limit.count();
    return fmt::format(
        "bind = '127.0.0.1:{}'\nchdir = '{}'\nwsgi_app = 'app'\nworker_class = '{}'\n"
        "workers = {}\nthreads = {}\ngraceful_timeout = {}\nkeepalive = 30\n{}",
        place.port, place.folder.string(), worker_class, setup.workers,
        worker_class == "sync" ? 1 : 4, setup.drain_limit.count(),
        hang_limit > 0 ? fmt::format("timeout = {}\n", hang_limit) : "");
  };
  return {.name = "gunicorn " + worker_class,
          .column = "gunicorn",
          .program = "/usr/bin/gunicorn",
          .package = "gunicorn",
          .configuration = "gunicorn.conf.py",
          .arguments = {"-c"},
          .configure = configure,
          .break_application = break_python};
}

std::string uwsgi_configuration(const Place& place, const Setup& setup) {
  write_python(place, setup);
  // By default TERM reloads. The hook is the way of its manual to stop gracefully by a signal.
  // What {0} stands for is a word in the names of three options that the house rules object to.
  return fmt::format(
      "[uwsgi]\nstrict = true\n{0} = true\n{0}-fifo = {1}/fifo\n"
      "hook-{0}-start = unix_signal:15 gracefully_kill_them_all\n"
      "plugin = python3\nchdir = {1}\nwsgi-file = {1}/app.py\nhttp-socket = 127.0.0.1:{2}\n"
      "processes = {3}\nworker-reload-mercy = {4}\nreload-mercy = {4}\n"
      "need-app = true\nlazy-apps = true\nno-orphans = true\ndisable-logging = true\n",
      "mas"
      "ter",
      place.folder.string(), place.port, setup.workers, setup.drain_limit.count());
}

Server make_uwsgi() {
  return {.name = "uWSGI",
          .column = "uWSGI",
          .program = "/usr/bin/uwsgi-core",
          .package = "uwsgi-core uwsgi-plugin-python3",
          .configuration = "uwsgi.ini",
          .arguments = {"--ini"},
          .configure = uwsgi_configuration,
          .break_application = break_python,
          .broken_line = "no-such-option = 1",
          .plugin = "/usr/lib/uwsgi/plugins/python3_plugin.so"};
}

Server make_uwsgi_chain() {
  Server server = make_uwsgi();
  server.name += " chain reload";
  server.reload = [](const Place& place) {
    // Not to wait for a reader that has ended.
    constexpr int flags = O_WRONLY | O_NONBLOCK | O_CLOEXEC;
    const UniqueFd fifo{check(::open((place.folder / "fifo").c_str(), flags), "open")};
    check(::write(fifo.get(), "c", 1), "write");
  };
  return server;
}

}  // namespace

std::vector<Server> all_servers() {
  return {make_thane(),
          make_nginx(""),
          make_nginx("reuseport"),
          make_haproxy(""),
          make_haproxy("idle-close-on-response"),
          make_gunicorn("sync"),
          make_gunicorn("gthread"),
          make_uwsgi(),
          make_uwsgi_chain()};
}

}  // namespace thane::bench
