// web: HTTP in several worker processes.
//
//   ./web --workers 4 --web.port 8080      then: curl http://127.0.0.1:8080/
//
//   /                    a greeting
//   /pid                 the worker that answered; try kill -KILL on it
//   /slow?seconds=2      an answer that takes its time; try kill -TERM on the parent meanwhile
#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>

#include <thane/fiber.hpp>
#include <thane/launcher.hpp>
#include <thane/wsgi.hpp>

namespace wsgi = thane::wsgi;

namespace {

// Blocks its own fiber, and no other request.
wsgi::Response slow(const wsgi::Request& request) {
  try {
    const double seconds = std::stod(request.query_parameter("seconds").value_or("1"));
    thane::this_fiber::sleep_for(std::chrono::milliseconds(static_cast<long>(seconds * 1000)));
  } catch (const std::logic_error&) {  // What std::stod() throws.
    throw wsgi::request_error{400, "seconds is not a number"};
  }
  return wsgi::Response::text("slept\n");
}

wsgi::Response application(wsgi::Request& request) {
  if (request.path() == "/") return wsgi::Response::text("hello from thane\n");
  if (request.path() == "/pid") return wsgi::Response::text(std::to_string(::getpid()) + "\n");
  if (request.path() == "/slow") return slow(request);
  return wsgi::Response{404};
}

}  // namespace

int main(int argc, char** argv) {
  const auto config = thane::Config::from_command_line(
      argc, argv,
      {thane::launcher_options(), {"DEFAULT", {thane::workers_opt()}}, wsgi::options("web")});
  auto launcher = thane::launch(config, std::make_unique<wsgi::Server>(config, "web", application),
                                {.workers = config.get<int>("workers")});
  return launcher->wait();
}
