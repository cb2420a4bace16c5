// What is told of a launcher, in its title and to its manager, is what /proc knows. The number in a
// test's name is the row of the catalogue of failures in docs/testing.md.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "support/eventually.hpp"
#include "support/family.hpp"
#include "support/notify_socket.hpp"
#include "support/process_info.hpp"
#include "support/temporary_directory.hpp"
#include "support/workers.hpp"

using namespace std::chrono_literals;
using namespace thane::testing;

namespace {

std::string title_of(pid_t pid) {
  std::string title;
  for (const std::string& word : command_line_of(pid)) {
    title += (title.empty() ? "" : " ") + word;
  }
  return title;
}

/// How many children have a title that ends like this.
int children_that_are(pid_t parent, const std::string& state) {
  const auto children = children_of(parent);
  return static_cast<int>(std::ranges::count_if(
      children, [&](pid_t child) { return alive(child) && title_of(child).ends_with(state); }));
}

/// The numbers behind "NAME " in "generation 1, NAME 2/3".
struct Told {
  int running = -1;
  int wanted = -1;
};
Told told_of(const std::string& text, const std::string& service) {
  Told told;
  if (const auto at = text.find(", " + service + " "); at != std::string::npos) {
    std::sscanf(text.c_str() + at + service.size() + 3, "%d/%d", &told.running, &told.wanted);
  }
  return told;
}

/// A service whose state is watched from three sides.
struct Watched {
  explicit Watched(const std::string& configuration)
      : manager(directory.file("notify")),
        family(configuration, {}, {.environment = {manager.variable()}}) {}

  /// What the manager has heard last.
  const std::string& status() {
    while (const auto notification = manager.poll()) {
      if (notification->text.starts_with("STATUS=")) status_ = notification->text.substr(7);
    }
    return status_;
  }

  /// Title, status and processes are at one, and there are so many that run.
  bool all_tell(int running, int wanted) {
    return eventually([&] {
      const Told by_title = told_of(title_of(family.pid()), "a");
      const Told by_status = told_of(status(), "a");
      return by_title.running == running && by_title.wanted == wanted &&
             by_status.running == running && by_status.wanted == wanted &&
             children_that_are(family.pid(), " running") == running;
    });
  }

  TemporaryDirectory directory;
  NotifySocket manager;
  Family family;

 private:
  std::string status_;
};

TEST_CASE("title and STATUS count the workers that /proc shows at work (catalogue 79)") {
  Watched watched{"[a]\nworkers = 3\nstop_time = 1s\n"};
  Family& family = watched.family;
  CHECK(watched.all_tell(3, 3));

  const auto first = expect_ready(family, 3);
  ::kill(first[0], SIGTERM);  // It drains for a second, and its successor is at work already.
  CHECK(eventually([&] { return title_of(first[0]).ends_with(" draining"); }));
  CHECK(eventually([&] { return !alive(first[0]); }));
  CHECK(watched.all_tell(3, 3));

  family.configure("[a]\nworkers = 5\nstop_time = 1s\n");
  family.signal(SIGHUP);
  family.expect_line("reload finished generation=2");
  CHECK(watched.all_tell(5, 5));
  CHECK(watched.status().starts_with("generation 2, "));
  CHECK(eventually([&] { return children_of(family.pid()).size() == 5; }));  // The old are gone.

  family.signal(SIGTERM);
  CHECK(eventually([&] {
    return watched.status().ends_with(", stopping: 5 workers left") &&
           title_of(family.pid()).ends_with(", stopping: 5 workers left") &&
           children_that_are(family.pid(), " draining") >= 5;
  }));
  CHECK(family.wait_exit() == Exit{.code = 0});
}

TEST_CASE("title and STATUS tell of a crash loop and of what was given up (catalogue 79)") {
  const std::string crashing = "[a]\nworkers = 3\ntrouble = exit\ndelay = 10ms\nonly_worker = 2\n";
  Watched held_back{crashing};
  CHECK(held_back.all_tell(2, 3));
  CHECK(eventually([&] { return held_back.status().ends_with("a 2/3 (1 held back)"); }));

  Watched degraded{crashing + "max_restarts = 1\nperiod = 60\ngive_up = degrade\n"};
  CHECK(eventually([&] { return degraded.status().ends_with("a 2/3 degraded"); }));
  CHECK(degraded.all_tell(2, 3));

  Watched ended{crashing + "restart = temporary\n"};
  CHECK(eventually([&] { return ended.status().ends_with("a 2/3 (1 ended)"); }));
  CHECK(ended.all_tell(2, 3));
}

}  // namespace
