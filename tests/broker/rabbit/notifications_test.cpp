// Notifications over a real RabbitMQ, and what a process has there.
#include <doctest/doctest.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include <thane/offload.hpp>
#include <thane/rpc.hpp>

#include "pair.hpp"

namespace rpc = thane::rpc;
using nlohmann::json;
using namespace std::chrono_literals;
using namespace thane::testing;

namespace {

using Result = rpc::NotificationResult;

// A listener that keeps the payloads it is given.
class Listening {
 public:
  using Judge = std::function<Result(const rpc::Notification&)>;

  Listening(const rpc::Transport& transport, const std::string& topic,
            rpc::ListenerOptions options = {}, Judge judge = {})
      : judge_(std::move(judge)),
        listener_(transport, {rpc::Target{.topic = topic}}, {endpoint(options.batch_size > 1)},
                  std::move(options)) {
    listener_.start();
  }
  ~Listening() {
    listener_.stop();
    listener_.wait();
  }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

  // Waits until it has heard so many, and says what.
  std::string heard(int count) {
    CHECK(count_.reaches(count));
    return json(payloads_).dump();
  }

 private:
  rpc::NotificationEndpoint endpoint(bool batches) {
    rpc::NotificationEndpoint made;
    if (batches) {
      return made.on_batch(rpc::Priority::info, [this](const auto& batch) {
        json payloads = json::array();
        for (const auto& each : batch) payloads.push_back(each.payload());
        note(payloads);
        return Result::handled;
      });
    }
    return made.on(rpc::Priority::info, [this](const rpc::Notification& notification) {
      note(notification.payload());
      return judge_ ? judge_(notification) : Result::handled;
    });
  }
  void note(const json& what) {
    payloads_.push_back(what);
    count_.add();
  }

  Judge judge_;
  std::vector<json> payloads_;
  Count count_;
  rpc::NotificationListener listener_;
};

rpc::Notifier notifier_of(const rpc::Transport& transport, const std::string& topic) {
  return {transport, {.publisher_id = "p", .drivers = {"messagingv2"}, .topics = {topic}}};
}

TEST_CASE("notifications wait for who listens; one of a pool gets each, and every pool all") {
  on_loop([] {
    const auto transport = rpc::Transport::from(broker().url());
    const auto notifier = notifier_of(transport, "shared");
    notifier.info({}, "e", 1);
    Listening usual{transport, "shared"};
    CHECK(usual.heard(1) == "[1]");
    Listening archive{transport, "shared", {.pool = "archive"}};
    for (const int i : {2, 3}) notifier.info({}, "e", i);
    CHECK(archive.heard(2) == "[2,3]");
    CHECK(usual.heard(3) == "[1,2,3]");
    notifier.error({}, "e", 4);  // Nobody listens to errors.
    notifier.info({}, "e", 5);
    CHECK(usual.heard(4) == "[1,2,3,5]");
  });
}

TEST_CASE("what is requeued or fails comes again; what a lost connection has cut off does not") {
  on_loop([] {
    const auto transport = rpc::Transport::from(broker().url() + "?kombu_reconnect_delay=0.1");
    const auto notifier = notifier_of(transport, "again");
    int calls = 0;
    Listening listening{transport, "again", {.allow_requeue = true}, [&](const auto&) {
                          if (++calls == 1) return Result::requeue;
                          if (calls == 2) throw std::runtime_error("second time");
                          if (calls == 4) {
                            at_broker([](RabbitMq& it) { it.close_connections("listen"); });
                          }
                          return Result::handled;
                        }};
    for (const int i : {1, 2, 3}) {
      notifier.info({}, "e", i);
      (void)listening.heard(i + 2);
    }
    CHECK(listening.heard(5) == "[1,1,1,2,3]");
  });
}

TEST_CASE("a batch is given when it is full, or has waited") {
  on_loop([] {
    const auto transport = rpc::Transport::from(broker().url());
    const auto notifier = notifier_of(transport, "batch");
    for (int i = 1; i <= 5; ++i) notifier.info({}, "e", i);
    Listening listening{transport, "batch", {.batch_size = 3, .batch_timeout = 200ms}};
    CHECK(listening.heard(2) == "[[1,2,3],[4,5]]");
  });
}

// How often `what` is in what the expression evaluates to.
int count(const std::string& expression, const std::string& what) {
  const std::string text = thane::offload([&] { return broker().eval(expression); });
  int found = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

TEST_CASE("whatever a process serves, calls, tells and hears, it has two connections") {
  on_loop([] {
    const auto transport = rpc::Transport::from(broker().url());
    rpc::Endpoint endpoint;
    endpoint.method("echo", {"arg"}, [](const rpc::Context&, json arg) { return arg; });
    rpc::Server one{transport, {.topic = "two", .server = "s1"}, {endpoint}};
    rpc::Server other{transport, {.topic = "two more", .server = "s1"}, {endpoint}};
    for (rpc::Server* const each : {&one, &other}) each->start();
    Listening listening{transport, "two"};
    notifier_of(transport, "two").info({}, "e", 1);
    CHECK(listening.heard(1) == "[1]");
    for (const char* topic : {"two", "two more"}) {
      CHECK(rpc::Client{transport, {.topic = topic}}.call("echo", {{"arg", 1}}) == 1);
    }
    const std::string names =
        "[element(3, lists:keyfind(<<\"connection_name\">>, 1, C)) || [{client_properties, C}] <- "
        "rabbit_networking:connection_info_all([client_properties]), is_list(C)]";
    const std::string own = ":" + std::to_string(::getpid()) + ":";
    for (const char* role : {"listen", "send"}) {
      INFO(role);  // Those of other tests may still be about to go.
      CHECK(eventually([&] { return count(names, own + role) == 1; }));
    }
    for (rpc::Server* const each : {&one, &other}) {
      each->stop();
      each->wait();
    }
  });
}

TEST_CASE("a server that ends takes its fanout queue along, and leaves those of its topic") {
  on_loop([] {
    const std::string queues = "rabbit_amqqueue:list_names()";
    {
      Pair pair{"leaving"};
      CHECK(pair.echo(1) == 1);
      CHECK(count(queues, "\"leaving_fanout_") == 1);
    }
    CHECK(count(queues, "\"leaving_fanout_") == 0);
    CHECK(count(queues, "\"leaving\"") == 1);
    CHECK(count(queues, "\"leaving.s1\"") == 1);
    const rpc::Client client{rpc::Transport::from(broker().url()),
                             {.exchange = "x-leaving", .topic = "leaving"}};
    client.cast("bump");  // Which waits there for the next one.
    Pair next{"leaving"};
    CHECK(next.bumps.reaches(1));
  });
}

}  // namespace
