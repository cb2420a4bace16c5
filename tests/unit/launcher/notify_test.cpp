#include "notify.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>

#include "support/captured_log.hpp"
#include "support/notify_socket.hpp"
#include "support/temporary_directory.hpp"

using thane::internal::Notifier;
using thane::testing::CapturedLog;
using thane::testing::NotifySocket;
using thane::testing::TemporaryDirectory;

namespace {

Notifier notifier_to(const std::string& address) {
  ::setenv("NOTIFY_SOCKET", address.c_str(), 1);
  return Notifier{};
}

TEST_CASE("a state is one datagram, from this process") {
  const TemporaryDirectory files;
  const std::string path = files.file("notify");
  for (const auto& address : {path, "@thane-notify-test-" + std::to_string(::getpid())}) {
    NotifySocket manager{address};
    const Notifier notifier = notifier_to(address);
    notifier.send("READY=1");
    notifier.send("RELOADING=1\nMONOTONIC_USEC=5");

    const auto first = manager.receive();
    CHECK(first.text == "READY=1");
    CHECK(first.sender == ::getpid());
    CHECK(manager.receive().text == "RELOADING=1\nMONOTONIC_USEC=5");
  }
}

TEST_CASE("what is meant for this process is taken out of the environment") {
  for (const char* name : {"LISTEN_PID", "LISTEN_PIDFDID", "LISTEN_FDS", "LISTEN_FDNAMES",
                           "WATCHDOG_PID", "WATCHDOG_USEC"}) {
    ::setenv(name, "1", 1);
  }
  static_cast<void>(notifier_to("/run/notify"));
  for (const char* name : {"NOTIFY_SOCKET", "LISTEN_PID", "LISTEN_PIDFDID", "LISTEN_FDS",
                           "LISTEN_FDNAMES", "WATCHDOG_PID", "WATCHDOG_USEC"}) {
    CAPTURE(name);
    CHECK(::getenv(name) == nullptr);
  }
}

TEST_CASE("without a manager nothing is sent and nothing said") {
  const CapturedLog log{thane::log::Level::debug};
  ::unsetenv("NOTIFY_SOCKET");
  Notifier{}.send("READY=1");
  notifier_to("").send("READY=1");
  CHECK(log.count("") == 0);
}

TEST_CASE("a manager that is gone is a line at debug level, and no error") {
  const CapturedLog log{thane::log::Level::debug};
  notifier_to("/nonexistent/notify").send("READY=1");
  CHECK(log.count("notification READY=1 to /nonexistent/notify failed: No such file") == 1);
}

TEST_CASE("a manager that does not read is not waited for") {
  const CapturedLog log{thane::log::Level::debug};
  const TemporaryDirectory files;
  const NotifySocket manager{files.file("notify")};
  const Notifier notifier = notifier_to(files.file("notify"));
  for (int i = 0; i < 2000; ++i) {  // More than any queue of datagrams holds.
    notifier.send("STATUS=busy");
  }
  CHECK(log.count("Resource temporarily unavailable") > 0);
}

TEST_CASE("an address that is too long for a socket is warned of") {
  const CapturedLog log;
  notifier_to("/" + std::string(200, 'x')).send("READY=1");
  CHECK(log.count("NOTIFY_SOCKET is too long for a socket address: /xxx") == 1);
}

}  // namespace
