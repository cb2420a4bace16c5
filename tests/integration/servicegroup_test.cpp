// Records of services that real processes share, in a SQLite file; and examples/compute, which has
// one.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thane/fiber_loop.hpp>
#include <thane/rpc.hpp>
#include <thane/servicegroup.hpp>
#include <vector>

#include "support/child_process.hpp"
#include "support/process_info.hpp"
#include "support/temporary_directory.hpp"

namespace rpc = thane::rpc;
namespace servicegroup = thane::servicegroup;
using namespace std::chrono_literals;
using namespace thane::testing;
using servicegroup::Record;

namespace {

struct Deployment {
  [[nodiscard]] std::string connection() const {
    return "sqlite:///" + directory.file("services.sqlite");
  }
  [[nodiscard]] std::vector<Record> records() const {
    std::vector<Record> all;
    thane::FiberLoop{}.run([&] { all = servicegroup::make_store(connection())->list({}); });
    return all;
  }
  [[nodiscard]] Record record() const {
    const auto all = records();
    REQUIRE(all.size() == 1);
    return all.front();
  }
  [[nodiscard]] std::unique_ptr<ChildProcess> start(const std::string& program,
                                                    std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--database-connection", connection()});
    return std::make_unique<ChildProcess>(program, arguments);
  }

  TemporaryDirectory directory;
};

TEST_CASE_FIXTURE(Deployment, "no report of processes that write to one file at a time is lost") {
  std::vector<std::unique_ptr<ChildProcess>> reporters;
  for (int i = 0; i < 4; ++i) {
    reporters.push_back(start(PROGRAMS_DIR "/reporter", {"--reporter-times", "100"}));
  }
  for (auto& reporter : reporters) CHECK(reporter->wait_exit() == Exit{.code = 0});
  CHECK(record().report_count == 400);
}

TEST_CASE_FIXTURE(Deployment,
                  "of the workers of a service one reports; if it hangs, another does") {
  auto parent =
      start(PROGRAMS_DIR "/reporter", {"--reporter-workers", "3", "--report-interval", "50ms"});
  parent->expect_line("parent ready");
  const auto has_it_open = [&](pid_t worker) {
    const auto fds = open_fds(worker);
    return std::ranges::any_of(
        fds, [](const auto& fd) { return fd.second.ends_with("/services.sqlite"); });
  };
  const std::vector<pid_t> workers = children_of(parent->pid());
  REQUIRE(workers.size() == 3);
  const auto one_reports = [&] { return std::ranges::count_if(workers, has_it_open) == 1; };
  const auto grows = [&] {
    const auto count = record().report_count;
    return eventually([&] { return record().report_count > count + 2; });
  };
  CHECK(eventually(one_reports));
  CHECK(grows());

  const auto reporting = std::ranges::find_if(workers, has_it_open);
  REQUIRE(reporting != workers.end());
  ::kill(*reporting, SIGSTOP);
  CHECK(grows());
  ::kill(*reporting, SIGCONT);

  parent->signal(SIGTERM);
  CHECK(parent->wait_exit() == Exit{.code = 0});
  CHECK(record().member.binary == "reporter");
  CHECK_FALSE(is_up(record(), 1ms));
}

// One program is the service and what operators ask it with.
struct Host : Deployment {
  [[nodiscard]] std::unique_ptr<ChildProcess> compute(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--compute-host", "node-1", "--transport-url",
                                       "local://" + directory.file("rpc")});
    return start(EXAMPLES_DIR "/compute", arguments);
  }
  [[nodiscard]] std::string answer(const std::vector<std::string>& arguments) const {
    const auto asked = compute(arguments);
    CHECK(asked->wait_exit() == Exit{.code = 0});
    (void)asked->printed("");  // Reads to the end.
    std::string all;
    for (const std::string& line : asked->messages_so_far()) all += line + "\n";
    return all;
  }
};

TEST_CASE_FIXTURE(Host, "compute boots instances, tells of it, and is on the list of services") {
  const auto service = compute({});
  service->expect_line("parent ready");
  service->expect_line("4096 MB of memory free on node-1");

  CHECK(answer({"--compute-ask", "boot", "--compute-instance", "web-1"}) ==
        R"({"memory_mb":512,"name":"web-1","state":"running"})"
        "\n");
  service->expect_line("heard compute.instance.create.start ");
  service->expect_line("heard compute.instance.create.end ");
  thane::FiberLoop{}.run([&] {
    const rpc::Client client{rpc::Transport::from("local://" + directory.file("rpc")),
                             {.topic = "compute", .version = "6.0"}};
    CHECK(client.call("get_instances").size() == 1);
    CHECK_THROWS_AS(
        client.call("build_and_run_instance", {{"name", "large"}, {"memory_mb", 1'000'000}}),
        rpc::RemoteError);
    service->expect_line("heard compute.instance.create.error ");
    (void)client.call("terminate_instance", {{"name", "web-1"}});
    CHECK(client.call("get_instances").empty());
  });

  const auto listed = [&] { return answer({"--compute-ask", "services"}); };
  CHECK(listed().find("| nova-compute | node-1 | compute | enabled | up    |") !=
        std::string::npos);
  CHECK(answer({"--compute-ask", "disable", "--compute-reason", "disk"}) == "disabled\n");
  CHECK(listed().find("| nova-compute | node-1 | compute | disabled | up    |") !=
        std::string::npos);
  CHECK(record().disabled_reason == "disk");
  CHECK(answer({"--compute-ask", "enable"}) == "enabled\n");

  service->signal(SIGTERM);
  CHECK(service->wait_exit() == Exit{.code = 0});
  CHECK(record().member.version == 66);
}

}  // namespace
