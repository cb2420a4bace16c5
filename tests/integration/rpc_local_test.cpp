// local:// between real processes: the test is the client, a launcher with workers the server.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include <thane/event.hpp>
#include <thane/fiber.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/internal/worker_slot.hpp>
#include <thane/offload.hpp>
#include <thane/rpc.hpp>
#include <thane/thread_group.hpp>

#include "support/child_process.hpp"
#include "support/rpc_load.hpp"
#include "support/temporary_directory.hpp"
#include "support/time_limit.hpp"

namespace rpc = thane::rpc;
using namespace std::chrono_literals;
using namespace thane::testing;
using nlohmann::json;
using thane::FiberLoop;
using thane::ThreadGroup;

namespace {

struct Machine {
  [[nodiscard]] std::string url() const { return "local://" + directory.file("rpc"); }

  [[nodiscard]] std::unique_ptr<ChildProcess> start(int workers, const std::string& server = "s") {
    auto process = launch(workers, server);
    process->expect_line("parent ready");
    return process;
  }
  [[nodiscard]] std::unique_ptr<ChildProcess> launch(int workers, const std::string& server = "s") {
    return std::make_unique<ChildProcess>(
        PROGRAMS_DIR "/rpc_server",
        std::vector<std::string>{"--transport-url", url(), "--peer-server", server,
                                 "--peer-workers", std::to_string(workers)});
  }
  [[nodiscard]] rpc::Client client() const {
    return {rpc::Transport::from(url()), {.topic = "t"}, {.timeout = patience()}};
  }
  [[nodiscard]] std::vector<std::string> sockets() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{directory.path()}) {
      if (entry.is_socket()) names.push_back(entry.path().filename());
    }
    return names;
  }

  TemporaryDirectory directory;
};

TEST_CASE_FIXTURE(Machine, "a call is answered, fails as it failed there, or ends in time") {
  const auto server = start(2);
  FiberLoop{}.run([&] {
    const auto client = this->client();
    const json value{
        {"text", "\xc5\xbe"}, {"list", {1, 2.5, nullptr}}, {"big", std::string(300'000, 'x')}};
    CHECK(client.call("echo", {{"arg", value}}) == value);
    CHECK(client.prepare({.server = "s"}).call("echo", {{"arg", 7}}) == 7);
    CHECK(client.prepare({.version = "1.3"}).call("pid").is_number());
    try {
      client.call("fail", {{"message", "no figs"}});
      FAIL("it has not thrown");
    } catch (const rpc::RemoteError& error) {
      CHECK(error.module() == "shop.errors");
      CHECK(error.exc_type() == "SoldOut");
      CHECK(error.value() == "no figs");
    }
    CHECK_THROWS_AS(client.prepare({.timeout = 50ms}).call("sleep", {{"seconds", 60}}),
                    rpc::MessagingTimeout);
    CHECK_THROWS_AS(client.prepare({.server = "x", .timeout = 50ms}).call("pid"),
                    rpc::MessagingTimeout);
    CHECK(client.prepare({.call_monitor_timeout = 2s}).call("sleep", {{"seconds", 2.5}}) == 2.5);
  });
}

TEST_CASE_FIXTURE(Machine, "calls go to all workers of a topic, and to all its servers") {
  const auto first = start(2, "s1");
  const auto second = start(2, "s2");
  FiberLoop{}.run([&] {
    const auto client = this->client();
    std::map<int, int> calls;
    Load load{32, [&] { ++calls[client.call("pid").get<int>()]; }};
    while (calls.size() < 4) REQUIRE(load.reaches(100));
    load.stop();
    CHECK(load.errors.empty());
  });
}

TEST_CASE_FIXTURE(Machine,
                  "a worker that was stopped when clients came gets calls once it goes on") {
  const auto server = start(2);
  FiberLoop{}.run([&] {
    std::set<pid_t> workers;
    while (workers.size() < 2) workers.insert(client().call("pid").get<pid_t>());
    const pid_t stopped = *workers.begin();
    ::kill(stopped, SIGSTOP);
    const auto client = this->client();
    std::map<pid_t, int> calls;
    Load load{16, [&] { ++calls[client.call("pid").get<pid_t>()]; }};
    CHECK(load.reaches(1000));  // It has as many connections as it may have.
    CHECK(calls.size() == 1);
    ::kill(stopped, SIGCONT);
    while (!calls.contains(stopped)) REQUIRE(load.reaches(100));
    load.stop();
    CHECK(load.errors.empty());
  });
}

TEST_CASE_FIXTURE(Machine, "a cast goes to one worker, a fanout to each of every server") {
  const auto first = start(2, "s1");
  const auto second = start(2, "s2");
  FiberLoop{}.run([&] {
    const auto client = this->client();
    client.prepare({.server = "s2"}).cast("bump", {{"name", "one"}});
    second->expect_line("bumped one pid=");
    client.prepare({.fanout = true}).cast("bump", {{"name", "all"}});
    for (const auto& server : {first.get(), second.get()}) {
      CHECK(server->expect_pid("bumped all pid=") != server->expect_pid("bumped all pid="));
    }
    CHECK_NOTHROW(client.prepare({.topic = "nobody"}).cast("bump", {{"name", "none"}}));
    CHECK_THROWS_AS(client.prepare({.topic = "nobody", .at_least_once = true}).cast("bump"),
                    rpc::MessageUndeliverable);
  });
}

TEST_CASE_FIXTURE(Machine, "no call is lost in ten reloads under load") {
  const auto server = start(2);
  FiberLoop{}.run([&] {
    const auto client = this->client();
    int next = 0;
    Load load{64, [&] {
                const int mine = ++next;
                if (client.call("echo", {{"arg", mine}}) != mine)
                  throw std::logic_error("another's answer");
              }};
    for (int reload = 0; reload < 10; ++reload) {
      server->signal(SIGHUP);
      thane::offload([&] { server->expect_line("reload finished"); });
      CHECK(load.reaches(1));
    }
    load.stop();
    for (const auto& error : load.errors) CHECK(error == "");
  });
  server->signal(SIGTERM);
  CHECK(server->wait_exit() == Exit{.code = 0});
  CHECK(sockets().empty());
}

// This process as one of two workers; the other one is there in its slot alone.
struct TwoWorkers {
  TwoWorkers() {
    for (auto& slot : slots) slot.state = thane::internal::WorkerState::running;
    thane::internal::use_worker_slots({slots, 0, &launcher});
  }
  ~TwoWorkers() { thane::internal::use_worker_slots(before); }
  TwoWorkers(const TwoWorkers&) = delete;
  TwoWorkers& operator=(const TwoWorkers&) = delete;

  const thane::internal::WorkerSlots before = thane::internal::worker_slots();
  std::array<thane::internal::WorkerSlot, 2> slots;
  thane::internal::LauncherState launcher;
};

TEST_CASE_FIXTURE(Machine, "who leaves takes the client that woke nobody else") {
  TwoWorkers workers;
  FiberLoop{}.run([&] {
    rpc::Endpoint endpoint;
    endpoint.method("pid", {}, [](const rpc::Context&) { return ::getpid(); });
    rpc::Server server{rpc::Transport::from(url()), {.topic = "t", .server = "s"}, {endpoint}};
    server.start();
    workers.slots[0].connections = 100;
    json answer;
    ThreadGroup group;
    group.spawn([&] { answer = client().call("pid"); });
    thane::this_fiber::sleep_for(100us);  // It leaves the client to its sibling for a moment.
    workers.slots[0].state = thane::internal::WorkerState::draining;
    server.stop();
    server.wait();
    group.wait();
    CHECK(answer == ::getpid());
  });
}

TEST_CASE_FIXTURE(Machine, "a worker that is stopped keeps no clients from its sibling") {
  const auto server = start(2);
  FiberLoop{}.run([&] {
    std::set<pid_t> workers;
    while (workers.size() < 2) workers.insert(client().call("pid").get<pid_t>());
    for (int round = 0; round < 10; ++round) {  // Either may be the one that a client wakes.
      const pid_t stopped = round % 2 == 0 ? *workers.begin() : *workers.rbegin();
      ::kill(stopped, SIGSTOP);
      const auto client = this->client();
      const auto ask = [&] { CHECK(client.call("pid") != stopped); };
      ThreadGroup group;
      group.spawn(ask);
      group.spawn(ask);
      group.wait();
      ::kill(stopped, SIGCONT);
    }
  });
}

TEST_CASE_FIXTURE(Machine, "a client that has gone leaves no connection") {
  const auto server = start(1);
  FiberLoop{}.run([&] {
    const auto connections = [] {
      return std::ranges::count_if(
          std::filesystem::directory_iterator{"/proc/self/fd"}, [](const auto& entry) {
            std::error_code gone;  // The directory itself.
            return std::filesystem::read_symlink(entry, gone).string().starts_with("socket:");
          });
    };
    const auto before = connections();
    {
      const auto client = this->client();
      CHECK(client.call("pid").is_number());
      CHECK(connections() == before + 1);
    }
    CHECK(connections() == before);
  });
}

TEST_CASE_FIXTURE(Machine, "a worker that is killed fails the calls it works on, at once") {
  const auto server = start(2);
  FiberLoop{}.run([&] {
    const auto client = this->client();
    constexpr int calls = 24;
    std::map<pid_t, int> held;
    int failed = 0;
    int expected = 0;
    thane::Event all_failed;
    std::map<pid_t, int> answered;
    ThreadGroup group;
    for (int i = 0; i < calls; ++i) {
      group.spawn([&] {
        try {
          ++answered[client.call("hold").get<pid_t>()];
        } catch (const rpc::MessageDeliveryFailure&) {
          if (++failed == expected) all_failed.set();
        }
      });
    }
    for (int i = 0; i < calls; ++i) {
      ++held[thane::offload([&] { return server->expect_pid("held pid="); })];
    }
    CHECK(held.size() == 2);
    const pid_t victim = held.begin()->first;
    expected = held[victim];
    const Stopwatch since_kill;
    ::kill(victim, SIGKILL);
    CHECK(all_failed.wait_for(patience()));
    CHECK(since_kill.elapsed() < with_slack(1s));
    thane::offload([&] { server->expect_line("worker"); });

    client.prepare({.fanout = true}).cast("release");
    group.wait();
    CHECK(failed == held[victim]);
    held.erase(victim);
    CHECK(answered == held);
    CHECK_THROWS_AS(client.call("die"), rpc::MessageDeliveryFailure);
    CHECK(client.call("pid") != victim);
  });
}

TEST_CASE_FIXTURE(Machine, "SIGTERM answers what was sent, then refuses, and leaves no sockets") {
  for (const int workers : {1, 2}) {
    const auto server = start(workers);
    FiberLoop{}.run([&] {
      const auto client = this->client();
      CHECK(client.call("pid").is_number());
      Load load{32, [&] { client.call("sleep", {{"seconds", 0.3}}); }};
      thane::offload([&] {
        for (int i = 0; i < 32; ++i) server->expect_line("sleeping");
      });
      server->signal(SIGTERM);
      load.stop();
      CHECK(load.errors.empty());
      CHECK(load.done == 32);
      CHECK(thane::offload([&] { return server->wait_exit(); }) == Exit{.code = 0});
    });
    CHECK(sockets().empty());
  }
}

TEST_CASE_FIXTURE(Machine, "a call waits for a server that is to come, past sockets of dead ones") {
  auto dead = start(2);
  dead.reset();  // Kills the parent and its workers, which could tidy up after it.
  CHECK_FALSE(sockets().empty());
  FiberLoop{}.run([&] {
    const auto client = this->client();
    ThreadGroup group;
    json answer;
    group.spawn([&] { answer = client.call("echo", {{"arg", "late"}}); });
    // It has asked all that were there, and tidied up after them.
    const auto is_for_calls = [](const std::string& name) { return name.starts_with("t@"); };
    CHECK(thane::offload(
        [&] { return eventually([&] { return std::ranges::none_of(sockets(), is_for_calls); }); }));
    CHECK(answer.is_null());
    const auto server = thane::offload([&] { return launch(2); });
    group.wait();
    CHECK(answer == "late");
    CHECK_NOTHROW(client.prepare({.fanout = true}).cast("bump", {{"name", "x"}}));
    CHECK(sockets().size() <= 3);  // Of the dead none.
  });
}

TEST_CASE_FIXTURE(Machine,
                  "notifications reach one listener of each pool, and come again if requeued") {
  FiberLoop{}.run([&] {
    const auto transport = rpc::Transport::from(url());
    std::map<std::string, std::vector<int>> seen;
    thane::Event all_pooled;
    const auto listen = [&](const std::string& name, const std::string& pool) {
      rpc::NotificationEndpoint endpoint;
      endpoint.on(rpc::Priority::info, [&, name](const rpc::Notification& notification) {
        auto& values = seen[name];
        values.push_back(notification.payload().get<int>());
        if (seen["pooled"].size() == 7) all_pooled.set();
        return name == "pooled" && values.size() == 1 ? rpc::NotificationResult::requeue
                                                      : rpc::NotificationResult::handled;
      });
      auto listener = std::make_unique<rpc::NotificationListener>(
          transport, std::vector{rpc::Target{.topic = "notifications"}}, std::vector{endpoint},
          rpc::ListenerOptions{.pool = pool, .allow_requeue = true});
      listener->start();
      return listener;
    };
    const rpc::Notifier notifier{transport, {.drivers = {"messagingv2"}}};
    notifier.info({}, "nobody.listens", 0);
    const auto one = listen("one", "");
    const auto two = listen("two", "");
    const auto pooled = listen("pooled", "archive");
    for (int i = 1; i <= 6; ++i) notifier.info({}, "event", i);
    CHECK(all_pooled.wait_for(patience()));
    for (auto* const listener : {one.get(), two.get(), pooled.get()}) {
      listener->stop();
      listener->wait();
    }
    CHECK(seen["one"].size() + seen["two"].size() == 6);
    CHECK_FALSE(seen["one"].empty());
    CHECK_FALSE(seen["two"].empty());
    CHECK(std::multiset<int>(seen["pooled"].begin(), seen["pooled"].end()) ==
          std::multiset<int>{1, 1, 2, 3, 4, 5, 6});
  });
  CHECK(sockets().empty());
}

TEST_CASE("a process and those that it forks give no id twice") {
  const rpc::Notifier notifier{rpc::Transport::from("fake://"), {.drivers = {"test"}}};
  const auto next_id = [&] {
    notifier.info({}, "e", nullptr);
    return notifier.recorded().back().message_id();
  };
  (void)next_id();
  std::array<int, 2> pipe{};
  REQUIRE(::pipe(pipe.data()) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const std::string id = next_id();
    ::_exit(::write(pipe[1], id.data(), id.size()) == 36 ? 0 : 1);
  }
  std::string its(36, ' ');
  CHECK(::waitpid(child, nullptr, 0) == child);
  CHECK(::read(pipe[0], its.data(), its.size()) == 36);
  for (const int fd : pipe) ::close(fd);
  CHECK(its != next_id());
}

TEST_CASE_FIXTURE(Machine, "nobody but their user may enter the directories and use the sockets") {
  const auto server = start(2);
  for (const auto& entry : std::filesystem::recursive_directory_iterator{directory.path()}) {
    struct stat status {};
    REQUIRE(::lstat(entry.path().c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == (entry.is_directory() ? 0700 : 0600));
  }
  ::chmod(directory.file("rpc").c_str(), 0777);
  CHECK_THROWS_AS((rpc::Server{rpc::Transport::from(url()), {.topic = "t", .server = "s"}, {}}),
                  rpc::ServerListenError);
  CHECK_THROWS_AS((void)rpc::Transport::from("local://relative/path"), rpc::InvalidTransportURL);
}

}  // namespace
