// Servers of several processes on a real RabbitMQ: reloads, deaths, a broker that comes and goes.
#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include <thane/event.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/offload.hpp>
#include <thane/rpc.hpp>
#include <thane/thread_group.hpp>
#include <thane/timeout.hpp>

#include "support/child_process.hpp"
#include "support/rabbitmq.hpp"
#include "support/rpc_load.hpp"
#include "support/time_limit.hpp"
#include "support/workers.hpp"

namespace rpc = thane::rpc;
using namespace std::chrono_literals;
using namespace thane::testing;
using nlohmann::json;
using thane::offload;
using thane::ThreadGroup;

namespace {

RabbitMq& broker() {
  static RabbitMq the_broker;
  return the_broker;
}

// A server under a launcher, of a topic of its own.
struct Served {
  explicit Served(const std::string& name, int workers, const std::vector<std::string>& more = {})
      : topic(name), process(PROGRAMS_DIR "/rpc_server", arguments(name, workers, more)) {
    pids = expect_ready(process, workers);
    process.expect_line("parent ready");
  }
  static std::vector<std::string> arguments(const std::string& topic, int workers,
                                            const std::vector<std::string>& more) {
    std::vector<std::string> all{"--transport-url", broker().url(),         "--peer-topic", topic,
                                 "--peer-workers",  std::to_string(workers)};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  [[nodiscard]] rpc::Client client(std::chrono::milliseconds timeout = 30s) const {
    return {rpc::Transport::from(broker().url()), {.topic = topic}, {.timeout = timeout}};
  }

  std::string topic;
  ChildProcess process;
  std::vector<pid_t> pids;
};

void on_loop(const std::function<void()>& body) {
  thane::FiberLoop{}.run([&] {
    const thane::Timeout limit{120s};
    body();
  });
}

TEST_CASE("no call of 64 fibers, nor of 64 threads of Python, is lost in ten reloads") {
  for (const int workers : {1, 3}) {
    INFO(workers);
    Served server{"reloads" + std::to_string(workers), workers};
    ChildProcess python{SOURCE_DIR "/tests/broker/conformance/load.py",
                        {"--url", broker().url(), "--topic", server.topic, "--threads", "64"}};
    python.expect_line("lap");
    on_loop([&] {
      const auto client = server.client();
      int next = 0;
      Load load{64, [&] {
                  const int mine = ++next;
                  if (client.call("echo", {{"arg", mine}}) != mine)
                    throw std::logic_error("another's answer");
                }};
      for (int reload = 0; reload < 10; ++reload) {
        CHECK(load.reaches(64));
        offload([&] {
          const auto laps = python.count_so_far("lap");
          CHECK(eventually([&] { return python.count_so_far("lap") > laps; }));
          server.process.signal(SIGHUP);
          server.process.expect_line("reload finished");
        });
      }
      load.stop();
      for (const auto& error : load.errors) CHECK(error == "");
    });
    python.signal(SIGTERM);
    CHECK(python.wait_exit() == Exit{.code = 0});
    CHECK_FALSE(python.printed("lost"));
    server.process.signal(SIGTERM);
    CHECK(server.process.wait_exit() == Exit{.code = 0});
  }
}

TEST_CASE(
    "a worker that is killed fails the calls it has begun, by their timeouts, and no others") {
  Served server{"killed", 3};
  const pid_t victim = server.pids[1];
  on_loop([&] {
    constexpr int each = 24;
    const auto held = server.client(6s);
    std::map<pid_t, int> begun;
    std::map<pid_t, int> answered;
    int timed_out = 0;
    ThreadGroup group;
    const Stopwatch since_calls;
    for (int i = 0; i < each; ++i) {
      group.spawn([&] {
        try {
          ++answered[held.call("hold").get<pid_t>()];
        } catch (const rpc::MessagingTimeout&) {
          ++timed_out;
          CHECK(since_calls.elapsed() >= 6s);
        }
      });
    }
    for (int i = 0; i < each; ++i) {
      ++begun[offload([&] { return server.process.expect_pid("held pid="); })];
    }
    CHECK(begun.size() == 3);

    // What it is sent and cannot begin goes to the others when it is dead.
    const auto client = server.client();
    while (client.call("pid") != victim) {
    }
    ::kill(victim, SIGSTOP);
    int next = 0;
    int echoed = 0;
    thane::Event others_answered;
    for (int i = 0; i < each; ++i) {
      group.spawn([&] {
        const int mine = ++next;
        CHECK(client.call("echo", {{"arg", mine}}) == mine);
        if (++echoed == each * 2 / 3) others_answered.set();
      });
    }
    CHECK(others_answered.wait_for(patience()));
    CHECK(echoed < each);
    ::kill(victim, SIGKILL);
    offload([&] { server.process.expect_line("worker 1 ready"); });
    client.prepare({.fanout = true}).cast("release");
    group.wait();
    CHECK(echoed == each);
    CHECK(timed_out == begun[victim]);
    begun.erase(victim);
    CHECK(answered == begun);
  });
}

TEST_CASE("a fanout cast reaches each worker, also those of a reload") {
  Served server{"fanout", 3};
  server.process.signal(SIGHUP);
  server.process.expect_line("reload finished");
  on_loop([&] { server.client().prepare({.fanout = true}).cast("bump", {{"name", "all"}}); });
  std::set<pid_t> reached;
  for (int i = 0; i < 3; ++i) reached.insert(server.process.expect_pid("bumped all pid="));
  CHECK(reached.size() == 3);
}

TEST_CASE("a broker that is restarted under load has its traffic back within three seconds") {
  Served server{"restarted", 3};
  on_loop([&] {
    const auto client = server.client(300ms);
    std::set<int> answering;
    thane::Event all_answer;
    Load load{64, [&] {
                try {
                  answering.insert(client.call("pid").get<int>());
                  if (answering.size() == 3) all_answer.set();
                } catch (const rpc::MessagingTimeout&) {  // As long as there is no broker.
                }
              }};
    CHECK(all_answer.wait_for(patience()));
    offload([] { broker().stop(); });
    const Stopwatch since_call;
    CHECK_THROWS_AS(client.call("pid"), rpc::MessagingTimeout);
    CHECK(since_call.elapsed() < with_slack(300ms));

    offload([] { broker().start(); });
    const Stopwatch since_start;
    answering.clear();
    all_answer.clear();
    CHECK(all_answer.wait_for(patience()));
    CHECK(since_start.elapsed() < with_slack(3s));
    load.stop();
    CHECK(load.errors.empty());
    client.prepare({.fanout = true}).cast("bump", {{"name", "again"}});
  });
  for (int i = 0; i < 3; ++i) server.process.expect_line("bumped again");
}

TEST_CASE("SIGTERM is obeyed within the deadline while the broker is short of memory") {
  Served idle{"idle", 2};
  Served busy{"busy", 2, {"--graceful-shutdown-timeout", "2"}};
  on_loop([&] {
    const auto client = busy.client();
    ThreadGroup calls;
    for (int i = 0; i < 4; ++i) {
      calls.spawn([&] { client.call("sleep", {{"seconds", 3600}}); });
    }
    offload([&] {
      for (int i = 0; i < 4; ++i) busy.process.expect_line("sleeping");
      broker().run_out_of_memory();
      const Stopwatch since_term;
      for (Served* const server : {&idle, &busy}) server->process.signal(SIGTERM);
      CHECK(idle.process.wait_exit() == Exit{.code = 0});
      CHECK(since_term.elapsed() < with_slack(1s));
      CHECK(busy.process.wait_exit() == Exit{.code = 1});
      CHECK(since_term.elapsed() < with_slack(2s + 500ms));
      broker().have_memory_again();
    });
    calls.kill();
    calls.wait();
  });
}

}  // namespace
