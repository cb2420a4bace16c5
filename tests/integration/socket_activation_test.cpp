// Sockets that a service manager has opened: the test is the manager.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <thane/listener.hpp>

#include "support/child_process.hpp"
#include "support/errand.hpp"
#include "support/http_client.hpp"
#include "support/process_info.hpp"
#include "support/temporary_directory.hpp"

using namespace thane::testing;
using thane::Listener;
using thane::UniqueFd;

namespace {

/// A program that is given `fds` from 3 on, with such names. As with systemd it is the program's
/// own pid that LISTEN_PID has.
class Activated : public ChildProcess {
 public:
  Activated(const char* program, const std::vector<int>& fds, const std::string& names,
            std::vector<std::string> arguments, const std::string& pid = "$$")
      : ChildProcess("/bin/sh", with(program, std::move(arguments), pid), options(fds, names)) {}

 private:
  static std::vector<std::string> with(const char* program, std::vector<std::string> arguments,
                                       const std::string& pid) {
    arguments.insert(arguments.begin(),
                     {"-c", "LISTEN_PID=" + pid + " exec \"$@\"", "sh", program});
    return arguments;
  }

  static ChildOptions options(const std::vector<int>& fds, const std::string& names) {
    ChildOptions options;
    options.environment = {"LISTEN_FDS=" + std::to_string(fds.size()), "LISTEN_FDNAMES=" + names};
    for (int target = 3; const int fd : fds) options.fds.push_back({target++, fd});
    return options;
  }
};

/// What the kernel calls the socket.
std::string name_of(int fd) {
  return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd)).string();
}

bool has(pid_t pid, const std::string& socket) {
  return std::ranges::any_of(open_fds(pid), [&](const auto& fd) { return fd.second == socket; });
}

TEST_CASE("a server serves on the socket of that name, through the death of a worker") {
  const Listener socket = Listener::tcp("127.0.0.1", 0);
  for (const char* workers : {"1", "2"}) {
    CAPTURE(workers);
    Activated web{EXAMPLES_DIR "/web",
                  {socket.fd()},
                  "shop.socket",
                  {"--workers", workers, "--web-listen-fd", "shop.socket"}};
    const pid_t worker = web.expect_pid("worker 0 ready pid=");
    web.expect_line("parent ready");
    CHECK(HttpClient{socket.port()}.get("/").status == 200);
    if (worker != web.pid()) {
      ::kill(worker, SIGKILL);
      web.expect_line("worker 0 ready pid=");
      CHECK(HttpClient{socket.port()}.get("/").status == 200);
    }
    web.signal(SIGHUP);
    web.expect_line("reload finished generation=2");
    CHECK(HttpClient{socket.port()}.get("/").status == 200);
    web.signal(SIGTERM);
    CHECK(web.wait_exit() == Exit{.code = 0});
    CHECK(port_answers(socket.port()));  // Who comes now waits for the next start.
  }
}

TEST_CASE("each socket is taken once, in order, also by services made after the launcher") {
  const TemporaryDirectory directory;
  const Listener first = Listener::tcp("127.0.0.1", 0);
  const Listener second = Listener::tcp("::1", 0);
  const Listener file = Listener::unix_socket(directory.file("a.sock"));
  for (const char* workers : {"1", "2"}) {
    CAPTURE(workers);
    Activated program{errand,
                      {first.fd(), file.fd(), second.fd()},
                      "web:local:web",
                      {"--workers", workers, "--errand-inherited", "web", "--errand-inherited",
                       "web", "--errand-inherited", "local"}};
    for (const Listener* expected : {&first, &second, &file}) {
      program.expect_line("errand listens on " + expected->address());
    }
    program.expect_line("parent ready");
    program.signal(SIGTERM);
    CHECK(program.wait_exit() == Exit{.code = 0});
    CHECK_FALSE(program.printed("inherited socket"));
    CHECK(std::filesystem::exists(file.host()));  // It is the manager's.
  }
}

TEST_CASE("sockets that nobody wants are closed when the launch begins, each with a warning") {
  const Listener used = Listener::tcp("127.0.0.1", 0);
  const Listener unused = Listener::tcp("127.0.0.1", 0);
  const Listener nameless = Listener::tcp("127.0.0.1", 0);
  for (const char* workers : {"1", "2"}) {
    CAPTURE(workers);
    Activated program{errand,
                      {unused.fd(), used.fd(), nameless.fd()},
                      "admin:web",
                      {"--workers", workers, "--errand-inherited", "web"}};
    program.expect_line("inherited socket \"admin\" (descriptor 3) is used by no service: closed");
    program.expect_line(
        "inherited socket \"unknown\" (descriptor 5) is used by no service: closed");
    const pid_t worker = program.expect_pid("worker 0 ready pid=");
    for (const pid_t pid : {program.pid(), worker}) {
      CHECK(has(pid, name_of(used.fd())));
      CHECK_FALSE(has(pid, name_of(unused.fd())));
      CHECK_FALSE(has(pid, name_of(nameless.fd())));
    }
  }
}

TEST_CASE("programs that a service runs inherit neither the sockets nor the variables") {
  const Listener socket = Listener::tcp("127.0.0.1", 0);
  Activated program{errand,
                    {socket.fd()},
                    "web",
                    {"--workers", "2", "--errand-inherited", "web", "--errand-run",
                     "echo errand has $$(ls /proc/self/fd) and $${LISTEN_FDS-no} sockets"}};
  CHECK(program.expect_line("errand has ") == "0 1 2 3 and no sockets");  // 3: the directory.
}

TEST_CASE("a name that is not there is an error with the names that are") {
  const Listener socket = Listener::tcp("127.0.0.1", 0);
  const auto why = [&](const std::string& names, const std::string& wanted,
                       const std::string& pid = "$$") {
    Activated program{errand,
                      {socket.fd(), socket.fd()},
                      names,
                      {"--errand-inherited", "web", "--errand-inherited", wanted},
                      pid};
    CHECK(program.wait_exit() == Exit{.code = 3});
    return program.expect_line("cannot start: ");
  };
  CHECK(why("web:admin", "api") == "no socket \"api\" was inherited; there are: admin");
  CHECK(why("one:two", "api") == "no socket \"web\" was inherited; there are: one, two");
  CHECK(why("web:admin", "web") == "no socket \"web\" was inherited; there are: admin");
  CHECK(why("web:web", "web", "1") ==
        "no socket \"web\" was inherited; LISTEN_FDS names none for this process, or none that is "
        "left");
}

TEST_CASE("what does not listen for streams is refused") {
  for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
    const UniqueFd socket{::socket(AF_INET, type | SOCK_CLOEXEC, 0)};
    Activated program{errand, {socket.get()}, "web", {"--errand-inherited", "web"}};
    CHECK(program.wait_exit() == Exit{.code = 3});
    program.expect_line(
        "cannot start: the inherited socket \"web\" does not listen for connections; with systemd "
        "it takes ListenStream= and Accept=no");
  }
}

TEST_CASE("a count that is wrong is a warning, and what there is can be used") {
  const Listener socket = Listener::tcp("127.0.0.1", 0);
  ChildProcess program{"/bin/sh",
                       {"-c", "LISTEN_PID=$$ LISTEN_FDS=2 exec \"$@\"", "sh", errand,
                        "--errand-inherited", "unknown"},
                       {.fds = {{3, socket.fd()}}}};
  program.expect_line(
      "sockets of the service manager are not taken over: descriptor 4 (unknown) is not open");
  program.expect_line("errand listens on " + socket.address());
}

}  // namespace
