// Reloads that have gone wrong elsewhere, most of them under load. The number in a test's name is
// the row of the catalogue of failures in docs/testing.md.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "support/eventually.hpp"
#include "support/family.hpp"
#include "support/http_client.hpp"
#include "support/http_load.hpp"
#include "support/process_info.hpp"
#include "support/time_limit.hpp"
#include "support/workers.hpp"

using namespace std::chrono_literals;
using namespace thane::testing;

namespace {

/// A service of four workers that serves HTTP, under the load of sixteen clients.
struct Served {
  explicit Served(Connections connections = Connections::anew) : family(configuration()) {
    workers = expect_ready(family, 4);
    family.expect_line("parent ready");
    load = std::make_unique<HttpLoad>(port, 16, connections);
    REQUIRE(load->await_answers(200));
  }

  [[nodiscard]] std::string configuration(const std::string& trouble = "") const {
    return "[DEFAULT]\nworker_boot_timeout = 1\n" + serving(4, port, trouble);
  }

  void reload_with(const std::string& trouble) {
    family.configure(configuration(trouble));
    family.signal(SIGHUP);
  }

  std::uint16_t port = free_port();
  Family family;
  std::vector<pid_t> workers;
  std::unique_ptr<HttpLoad> load;
};

/// What becomes of a reload with this trouble: no request fails, nobody is replaced, hardly anybody
/// is forked, the reason is told in time, and a reload without the trouble works as ever.
void check_immune_to(const std::string& trouble, const std::string& reason) {
  CAPTURE(trouble);
  Served served;
  Family& family = served.family;

  const Stopwatch since_hup;
  served.reload_with(trouble);

  const std::string told = family.expect_line("reload failed generation=2 reason=");
  CHECK(since_hup.elapsed() < with_slack(1000ms));
  CAPTURE(told);
  CHECK(told.find(reason) != std::string::npos);
  CHECK(served.load->await_answers(300));
  CHECK(eventually([&] { return children_of(family.pid()) == served.workers; }));
  CHECK(family.count_lines_with(" started pid=") - family.count_so_far("a started") <= 4 + 3);

  observe_for(100ms);
  served.reload_with("");
  family.expect_line("reload finished generation=3");
  CHECK(served.load->await_answers(300));
  CHECK(served.load->end() == no_failures);
  for (const pid_t worker : served.workers) {
    CHECK(eventually_gone(worker));
  }
}

TEST_CASE("a reload whose start() or reset() throws costs no request (catalogue 22)") {
  check_immune_to("trouble = throw\nat = start\n", "trouble in start");
  check_immune_to("trouble = throw\nat = reset\n", "trouble in reset");
}

TEST_CASE("a reload whose start() ends the process costs no request (catalogue 22)") {
  check_immune_to("trouble = exit\nat = start\n", "worker 0 exited: status 1");
  check_immune_to("trouble = kill\nat = start\n", "worker 0 died: signal 9");
  if (!sanitized) {
    check_immune_to("trouble = abort\nat = start\n", "worker 0 died: signal 6");
    check_immune_to("trouble = segv\nat = start\n", "worker 0 died: signal 11");
  }
}

TEST_CASE("a reload with a broken configuration costs no request (catalogue 23)") {
  check_immune_to("trouble_with = typo\n", "trouble_with");
  check_immune_to("no equals sign\n", "family.conf:");
  check_immune_to("workers = many\n", "many");
}

TEST_CASE("a reload whose start() never returns costs no request (catalogue 24)") {
  check_immune_to("trouble = hang\nat = start\n", "did not get ready within worker_boot_timeout");
  check_immune_to("trouble = spin\nat = start\n", "did not get ready within worker_boot_timeout");
  check_immune_to("trouble = pause\nat = start\n", "did not get ready within worker_boot_timeout");
}

TEST_CASE("two hundred HUPs within two seconds are at most three generations (catalogue 5)") {
  Served served;
  std::size_t most = 2;
  for (int i = 0; i < 200; ++i) {
    const Stopwatch since_hup;
    served.family.signal(SIGHUP);
    observe_for(10ms);
    if (since_hup.elapsed() > 80ms) ++most;  // A loaded machine: to the parent that was a pause.
  }
  const Stopwatch since_last_hup;
  served.family.expect_line("reload finished generation=");
  CHECK(eventually([&] {
    return served.family.count_so_far("reload started") ==
               served.family.count_so_far("reload finished") &&
           since_last_hup.elapsed() > 150ms;
  }));
  CHECK(since_last_hup.elapsed() < with_slack(2000ms));
  CHECK(served.family.count_so_far("reload started") <= most);
  observe_for(500ms);
  CHECK(served.family.count_so_far("reload started") <= most);
  CHECK(served.load->end() == no_failures);
}

/// The lines on signals of /proc/PID/status.
std::map<std::string, std::string> signal_masks(pid_t pid) {
  std::map<std::string, std::string> masks;
  for (const char* name : {"SigBlk", "SigIgn", "SigCgt"}) masks[name] = status_field(pid, name);
  return masks;
}

TEST_CASE("a reload that has failed leaves the parent's signals as they were (catalogue 6)") {
  Family family{"[a]\nworkers = 2\n"};
  family.expect_line("parent ready");
  const auto before = signal_masks(family.pid());
  family.configure("[a]\nworkers = 2\ntypo = 1\n");
  family.signal(SIGHUP);
  family.expect_line("reload failed generation=2");
  CHECK(signal_masks(family.pid()) == before);

  family.configure("[a]\nworkers = 2\n");
  family.signal(SIGHUP);
  family.expect_line("reload finished generation=3");
  CHECK(signal_masks(family.pid()) == before);
}

/// Requests that take so long, each on its own connection, begun when the constructor returns.
struct LongRequests {
  LongRequests(Family& family, std::uint16_t port, int count, const std::string& ms) {
    for (int i = 0; i < count; ++i) {
      clients.push_back(std::make_unique<HttpClient>(port));
      clients.back()->send_get("/slow?ms=" + ms);
      family.expect_line("slow request begun");
    }
  }

  std::vector<std::unique_ptr<HttpClient>> clients;
};

TEST_CASE("requests that run for five seconds outlive two reloads (catalogue 12)") {
  const auto port = free_port();
  Family family{serving(2, port)};
  family.expect_line("parent ready");
  LongRequests requests{family, port, 8, "5000"};

  family.signal(SIGHUP);
  family.expect_line("reload finished generation=2");
  family.signal(SIGHUP);
  family.expect_line("reload finished generation=3");

  for (const auto& client : requests.clients) {
    CHECK(client->receive_response().status == 200);
  }
}

TEST_CASE("a HUP during a stop does not call it off (catalogue 13)") {
  Family family{"[a]\nworkers = 2\nstop_time = 300ms\n"};
  family.expect_line("parent ready");
  family.signal(SIGTERM);
  family.expect_line("stopping");
  family.signal(SIGHUP);
  family.signal_group(SIGHUP);

  CHECK(family.wait_exit() == Exit{.code = 0});
  CHECK(family.count_so_far("reload started") == 0);
  CHECK(family.count_so_far("worker 0 started") == 1);
}

TEST_CASE("a HUP and a TERM at the same moment end the program (catalogue 13)") {
  for (int i = 0; i < repeated(20); ++i) {
    Family family{"[a]\nworkers = 2\n"};
    family.expect_line("parent ready");
    family.signal(SIGHUP);
    family.signal(SIGTERM);
    CHECK(family.wait_exit() == Exit{.code = 0});
    CHECK(members_of_group(family.pid()).empty());
  }
}

TEST_CASE("descriptors and memory of the parent stay what they are over reloads (catalogue 43)") {
  const auto port = free_port();
  Family family{serving(2, port)};
  family.expect_line("parent ready");
  auto reload = [&, generation = 1]() mutable {
    family.signal(SIGHUP);
    family.expect_line("reload finished generation=" + std::to_string(++generation));
    REQUIRE(eventually([&] { return children_of(family.pid()).size() == 2; }));
    observe_for(101ms);  // One that comes sooner is put off for as long.
  };
  for (int i = 0; i < 5; ++i) reload();
  const auto fds = open_fds(family.pid()).size();
  const auto pss = anonymous_pss_kib_of(family.pid());
  for (int i = 0; i < 30; ++i) reload();

  CHECK(open_fds(family.pid()).size() == fds);
  CHECK(
      (sanitized || anonymous_pss_kib_of(family.pid()) < pss + 512));  // They keep what was freed.
}

TEST_CASE("connections that never end do not let generations pile up (catalogue 48)") {
  const auto port = free_port();
  Family family{serving(2, port)};
  family.expect_line("parent ready");
  std::vector<LongRequests> held;
  for (int generation = 2; generation < 10; ++generation) {
    held.emplace_back(family, port, 4, "600000");
    family.signal(SIGHUP);
    family.expect_line("reload finished generation=" + std::to_string(generation));
    CHECK(eventually([&] { return children_of(family.pid()).size() <= 3 * 2; }));
    observe_for(101ms);
  }
  CHECK(children_of(family.pid()).size() > 2);  // Those within the limit are let be.
  CHECK(family.printed_so_far("worker 0 told to end at once: max_generations"));
}

TEST_CASE("an option that is taken out of the file has its default again (catalogue 77)") {
  for (const std::string method : {"reload", "mutate"}) {
    CAPTURE(method);
    const std::string text = "[DEFAULT]\nrestart_method = " + method + "\n[a]\n";
    Family family{text + "workers = 3\n"};
    family.expect_line("parent ready");
    family.configure(text);
    family.signal(SIGHUP);
    family.expect_line("reload finished generation=2");
    CHECK(eventually([&] { return children_of(family.pid()).size() == 1; }));
  }
}

bool logged(const std::string& file, const char* words) {
  return eventually([&] { return read_text(file).find(words) != std::string::npos; });
}

TEST_CASE(
    "a reload takes the log to another file and level, and keeps it if that fails (catalogue 70)") {
  Family family{""};
  family.expect_line("parent ready");
  const std::string one = family.directory.file("one.log");
  const std::string two = family.directory.file("two.log");
  const auto log_to = [&](const std::string& file, const char* level) {
    family.configure("[DEFAULT]\nlog_file = " + file + "\nlog_level = " + level + "\n");
    observe_for(101ms);
    family.signal(SIGHUP);
  };
  log_to(one, "info");
  CHECK(logged(one, "reload finished generation=2"));
  log_to(two, "debug");
  CHECK(logged(two, "reload finished generation=3"));

  log_to(two, "noisy");
  CHECK(logged(two, "reload failed generation=4 reason="));
  log_to("/no/such/directory/log", "debug");
  CHECK(logged(two, "the log stays where it was: cannot open log file /no/such/directory/log"));
  CHECK(logged(two, "reload finished generation=5"));
  CHECK(eventually([&] { return children_of(family.pid()).size() == 1; }));
  ::kill(children_of(family.pid()).at(0), SIGKILL);
  CHECK(logged(two, "worker 0 died: signal 9"));
  family.signal(SIGTERM);
  CHECK(family.wait_exit() == Exit{.code = 0});
  CHECK(logged(two, "stopped status=0"));
  CHECK(logged(two, "DEBUG"));
  CHECK(read_text(one).find("DEBUG") == std::string::npos);
}

}  // namespace
