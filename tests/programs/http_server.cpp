// An HTTP server with an answer for each thing that a test wants to see on the wire.
//
//   http_server [--workers N] [--web-OPTION VALUE]...
//
// What is not below /app/ is answered with "METHOD TARGET BODY", the body read to its end.
//
//   /app/stream    "one", "two", "three" as a stream, each piece a line of the log
//   /app/wait      tells the log, and answers when the file named by HTTP_SERVER_GATE exists
//   /app/waiting-stream   one piece, then as /app/wait, then another
//   /app/short     five octets that were said to be nine
//   /app/fails     a stream that fails after its first piece
//   /app/big       8 MiB
//   /app/unread    does not look at the body
//   /app/some      reads the body, a line of the log for the first piece of it
//   /app/throw     an exception
//   /app/pid       the process
//   /files/NAME    that file of the folder named by HTTP_SERVER_FILES
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <thane/fiber.hpp>
#include <thane/launcher.hpp>
#include <thane/log.hpp>
#include <thane/wsgi.hpp>
#include <thane/wsgi/middleware/static_files.hpp>

namespace wsgi = thane::wsgi;

namespace {

using namespace std::chrono_literals;

void wait_for_gate() {
  thane::log::info("waiting at the gate");
  const char* const file = std::getenv("HTTP_SERVER_GATE");
  while (file != nullptr && !std::filesystem::exists(file)) thane::this_fiber::sleep_for(5ms);
}

wsgi::Response stream() {
  return wsgi::Response::stream(
      [count = 0]() mutable -> std::optional<std::string> {
        static constexpr const char* pieces[] = {"one", "two", "three"};
        if (count == 3) return std::nullopt;
        thane::log::info("piece {}", pieces[count]);
        return pieces[count++];
      },
      "text/plain");
}

wsgi::Response waiting_stream() {
  return wsgi::Response::stream(
      [count = 0]() mutable -> std::optional<std::string> {
        if (++count == 1) return "before";
        if (count > 2) return std::nullopt;
        wait_for_gate();
        return "after";
      },
      "text/plain");
}

wsgi::Response failing() {
  return wsgi::Response::stream(
      [count = 0]() mutable -> std::optional<std::string> {
        if (count++ > 0) throw std::runtime_error{"failed on purpose"};
        return "beginning";
      },
      "text/plain");
}

wsgi::Response too_short() {
  return wsgi::Response::stream(
             [count = 0]() mutable -> std::optional<std::string> {
               if (count++ > 0) return std::nullopt;
               return "short";
             },
             "text/plain")
      .add_header("Content-Length", "9");
}

wsgi::Response read_by_pieces(wsgi::Request& request) {
  std::size_t size = 0;
  for (auto piece = request.read_some(); !piece.empty(); piece = request.read_some()) {
    if (size == 0) thane::log::info("the body has begun");
    size += piece.size();
  }
  return wsgi::Response::text(std::to_string(size));
}

wsgi::Response files(wsgi::Request& request) {
  static const wsgi::Application folder =
      wsgi::static_files({.root = std::getenv("HTTP_SERVER_FILES")});
  request.shift_path(std::string_view{"/files"}.size());
  return folder(request);
}

wsgi::Response application(wsgi::Request& request) {
  const auto path = request.path();
  if (path.starts_with("/files/")) return files(request);
  if (!path.starts_with("/app/")) {
    const std::string body = request.read_all();
    return wsgi::Response::text(std::string{request.method()}.append(" ").append(request.target()) +
                                " " + body);
  }
  if (path == "/app/stream") return stream();
  if (path == "/app/waiting-stream") return waiting_stream();
  if (path == "/app/fails") return failing();
  if (path == "/app/short") return too_short();
  if (path == "/app/big") return wsgi::Response::text(std::string(8 * 1024 * 1024, 'b'));
  if (path == "/app/unread") return wsgi::Response::text("unread");
  if (path == "/app/some") return read_by_pieces(request);
  if (path == "/app/throw") throw std::runtime_error{"thrown on purpose"};
  if (path == "/app/pid") return wsgi::Response::text(std::to_string(::getpid()));
  if (path == "/app/wait") {
    wait_for_gate();
    return wsgi::Response::text("waited");
  }
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
