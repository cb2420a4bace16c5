// Notifications over fake://, in simulated time.
#include <thane/rpc/notification_listener.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <regex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <thane/config.hpp>
#include <thane/fiber.hpp>
#include <thane/log.hpp>
#include <thane/rpc/errors.hpp>
#include <thane/rpc/notifier.hpp>

#include "fake_world.hpp"
#include "mask_secrets.hpp"
#include "support/captured_log.hpp"
#include "support/temporary_directory.hpp"

using namespace std::chrono_literals;
using namespace thane::rpc;
using nlohmann::json;
using thane::this_fiber::sleep_for;

namespace {

struct NotifierWorld : thane::testing::FakeWorld {
  // Notes "EVENT_TYPE PAYLOAD" of what it is given.
  NotificationEndpoint noting(std::vector<std::string>& notes, NotificationFilter filter = {}) {
    NotificationEndpoint endpoint{std::move(filter)};
    endpoint.on(Priority::info, [&notes](const Notification& notification) {
      notes.push_back(notification.event_type() + " " + notification.payload().dump());
      return NotificationResult::handled;
    });
    return endpoint;
  }
  std::unique_ptr<NotificationListener> listen(std::vector<NotificationEndpoint> endpoints,
                                               const ListenerOptions& options = {}) {
    auto listener = std::make_unique<NotificationListener>(
        transport, std::vector{Target{.topic = "notifications"}}, std::move(endpoints), options);
    listener->start();
    return listener;
  }

  Notifier notifier{transport, {.publisher_id = "compute.host1", .drivers = {"messagingv2"}}};
};

using Notes = std::vector<std::string>;

TEST_CASE_FIXTURE(NotifierWorld, "a notification arrives with all that belongs to it") {
  run([&] {
    std::vector<Notification> seen;
    NotificationEndpoint endpoint;
    for (const Priority priority : all_priorities) {
      endpoint.on(priority, [&](const Notification& notification) {
        seen.push_back(notification);
        return NotificationResult::handled;
      });
    }
    const auto listener = listen({endpoint});
    notifier.audit(Context{{{"user_id", "u1"}}}, "a.b", {{"id", 12}});
    notifier.prepare("other").warning({}, "c.d", nullptr);
    end(*listener);
    REQUIRE(seen.size() == 2);
    CHECK(seen[0].context().values() == json{{"user_id", "u1"}});
    CHECK(seen[0].publisher_id() == "compute.host1");
    CHECK(seen[0].event_type() == "a.b");
    CHECK(seen[0].priority() == "audit");
    CHECK(seen[0].payload() == json{{"id", 12}});
    CHECK(std::regex_match(seen[0].message_id(),
                           std::regex{"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"}));
    CHECK(std::regex_match(seen[0].timestamp(),
                           std::regex{R"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{6})?)"}));
    CHECK(seen[1].publisher_id() == "other");
    CHECK(seen[1].priority() == "warn");
  });
}

TEST_CASE_FIXTURE(NotifierWorld, "listeners share notifications, pools get all of them") {
  run([&] {
    Notes first;
    Notes second;
    Notes pooled;
    const auto one = listen({noting(first)});
    const auto two = listen({noting(second)});
    const auto pool = listen({noting(pooled)}, {.pool = "archive"});
    for (int i = 0; i < 4; ++i) notifier.info({}, "e", i);
    for (const auto& listener : {one.get(), two.get(), pool.get()}) end(*listener);
    CHECK(first.size() == 2);
    CHECK(second.size() == 2);
    CHECK(pooled == Notes{"e 0", "e 1", "e 2", "e 3"});
  });
}

TEST_CASE_FIXTURE(NotifierWorld, "filters match from the beginning, and only what is a string") {
  run([&] {
    Notes by_type;
    Notes by_payload;
    Notes by_context;
    const auto listener = listen({noting(by_type, {.publisher_id = "compute", .event_type = "b|c"}),
                                  noting(by_payload, {.payload = {{"state", "act"}}}),
                                  noting(by_context, {.context = {{"user", "^u1$"}}})});
    notifier.info({}, "ab", {{"state", "active"}});
    notifier.info({}, "bc", {{"state", 1}});
    notifier.info(Context{{{"user", "u1"}}}, "x", nullptr);
    end(*listener);
    CHECK(by_type == Notes{R"(bc {"state":1})"});
    CHECK(by_payload == Notes{R"(ab {"state":"active"})"});
    CHECK(by_context == Notes{"x null"});
  });
  CHECK_THROWS_AS(NotificationEndpoint({.event_type = "("}), std::invalid_argument);
}

TEST_CASE_FIXTURE(NotifierWorld, "no text that is sent is too long, or too hard, for a filter") {
  run([&] {
    Notes simple;
    Notes hard;
    const auto listener = listen({noting(simple, {.payload = {{"text", "(a|b)*!"}}}),
                                  noting(hard, {.payload = {{"text", "(a+)+$"}}})});
    notifier.info({}, "long", {{"text", std::string(500'000, 'a') + "!"}});
    notifier.info({}, "short", {{"text", "ab!"}});
    end(*listener);
    CHECK(simple == Notes{R"(short {"text":"ab!"})"});
    CHECK(hard.empty());
  });
}

TEST_CASE_FIXTURE(NotifierWorld, "what is requeued, or fails, comes again where that is allowed") {
  for (const bool allowed : {true, false}) {
    run([&] {
      int calls = 0;
      NotificationEndpoint endpoint;
      auto last = loop.now() - 1h;
      endpoint.on(Priority::error, [&](const Notification&) {
        CHECK(loop.now() - std::exchange(last, loop.now()) >= 10ms);  // Others have their turn.
        if (++calls == 1) throw std::runtime_error("first time");
        return calls == 2 ? NotificationResult::requeue : NotificationResult::handled;
      });
      const auto listener = listen({endpoint}, {.allow_requeue = allowed});
      notifier.error({}, "e", 1);
      sleep_for(1s);
      CHECK(calls == (allowed ? 3 : 1));
      end(*listener);
    });
  }
}

TEST_CASE_FIXTURE(NotifierWorld,
                  "a batch is given when it is full, or when it has waited long enough") {
  run([&] {
    std::vector<std::size_t> sizes;
    NotificationEndpoint endpoint;
    endpoint.on_batch(Priority::info, [&](const std::vector<Notification>& batch) {
      sizes.push_back(batch.size());
      return NotificationResult::handled;
    });
    const auto listener = listen({endpoint}, {.batch_size = 3, .batch_timeout = 5s});
    for (int i = 0; i < 4; ++i) notifier.info({}, "e", i);
    sleep_for(1s);
    CHECK(sizes == std::vector<std::size_t>{3});
    sleep_for(5s);
    CHECK(sizes == std::vector<std::size_t>{3, 1});
    end(*listener);
  });
}

TEST_CASE_FIXTURE(NotifierWorld, "a batch is of one priority") {
  run([&] {
    Notes sizes;
    NotificationEndpoint endpoint;
    for (const Priority priority : {Priority::info, Priority::error}) {
      endpoint.on_batch(priority, [&](const std::vector<Notification>& batch) {
        sizes.push_back(batch.front().priority() + " " + std::to_string(batch.size()));
        return NotificationResult::handled;
      });
    }
    const auto listener = listen({endpoint}, {.batch_size = 5, .batch_timeout = 1s});
    for (int i = 0; i < 2; ++i) notifier.info({}, "e", i);
    notifier.error({}, "e", 2);
    notifier.info({}, "e", 3);
    sleep_for(5s);
    CHECK(sizes == Notes{"info 2", "error 1", "info 1"});
    end(*listener);
  });
}

TEST_CASE_FIXTURE(NotifierWorld, "the request that a notification is about is in the log") {
  run([&] {
    std::string logged;
    NotificationEndpoint endpoint;
    endpoint.on(Priority::info, [&](const Notification&) {
      logged = thane::log::request_id();
      return NotificationResult::handled;
    });
    const NotificationListener listener{
        transport, {Target{.exchange = "openstack", .topic = "notifications"}}, {endpoint}};
    const auto usual = listen({endpoint});
    notifier.info(Context{{{"request_id", "req-1"}}}, "e", 1);
    end(*usual);
    CHECK(logged == "req-1");
  });
  CHECK_THROWS_AS((NotificationListener{transport, {Target{}}, {NotificationEndpoint{}}}),
                  InvalidTarget);
}

TEST_CASE_FIXTURE(NotifierWorld, "of a context nothing leaves but what any listener may know") {
  run([&] {
    std::vector<Context> seen;
    NotificationEndpoint endpoint;
    endpoint.on(Priority::info, [&](const Notification& notification) {
      seen.push_back(notification.context());
      return NotificationResult::handled;
    });
    const auto listener = listen({endpoint});
    notifier.info(Context{{{"user_id", "u1"}, {"auth_token", "hidden"}, {"other", 1}}}, "e", 1);
    end(*listener);
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].values() == json{{"user_id", "u1"}});
  });
}

TEST_CASE_FIXTURE(NotifierWorld,
                  "what cannot be sent to one topic is logged, and goes to the others") {
  const thane::testing::CapturedLog log;
  run([&] {
    const std::string name(300, 'x');  // More than AMQP takes: it is refused before it is sent.
    const Notifier broken{Transport::from("rabbit://"),
                          {.drivers = {"messagingv2"}, .topics = {name + "1", name + "2"}}};
    broken.info({}, "e", {{"password", "hidden"}});
  });
  CHECK(log.count("Could not send notification to " + std::string(300, 'x')) == 2);
  CHECK(log.count("hidden") == 0);
}

TEST_CASE_FIXTURE(NotifierWorld,
                  "a notifier without drivers says nothing, one with a wrong driver is none") {
  run([&] {
    Notes notes;
    const auto listener = listen({noting(notes)});
    Notifier{transport, {}}.info({}, "e", 1);
    Notifier{transport, {.drivers = {"noop", "log"}}}.info({}, "e", 1);
    end(*listener);
    CHECK(notes.empty());
  });
  CHECK_THROWS_AS((Notifier{transport, {.drivers = {"pigeon"}}}), DriverLoadFailure);
}

TEST_CASE_FIXTURE(NotifierWorld,
                  "serializers change the payload and the context, and the way back") {
  using thane::testing::Packing;
  run([&] {
    std::vector<Notification> seen;
    NotificationEndpoint endpoint;
    endpoint.on(Priority::info, [&](const Notification& notification) {
      seen.push_back(notification);
      return NotificationResult::handled;
    });
    const Notifier packing{
        transport, {.drivers = {"messagingv2"}, .serializer = std::make_shared<Packing>("n")}};
    const Context context{{{"user_id", "u"}}};
    const auto plain = listen({endpoint});
    packing.info(context, "e", 7);
    end(*plain);
    const auto unpacking = listen({endpoint}, {.serializer = std::make_shared<Packing>("l")});
    packing.info(context, "e", 7);
    end(*unpacking);
    REQUIRE(seen.size() == 2);
    CHECK(seen[0].payload() == json{{"packed", 7}, {"for", "u"}});
    CHECK(seen[0].context().values() == json{{"user_id", "u>n"}});
    CHECK(seen[1].payload() == 7);
    CHECK(seen[1].context().values() == json{{"user_id", "u>n<l"}});
  });
}

TEST_CASE("the driver for tests keeps what it is given") {
  const Notifier notifier{Transport::from("fake://"), {.drivers = {"test"}}};
  notifier.prepare("compute.host2").info(Context{{{"user_id", "u1"}}}, "e.0", 7);
  for (int i = 1; i <= 1000; ++i) notifier.info({}, "e." + std::to_string(i), i);
  const auto recorded = notifier.recorded();
  REQUIRE(recorded.size() == 1000);
  CHECK(recorded.front().event_type() == "e.1");
  CHECK(recorded.back().payload() == 1000);
}

TEST_CASE("what is logged has its level, and no secrets in it") {
  const thane::testing::CapturedLog log;
  const Notifier logging{Transport::from("fake://"), {.drivers = {"log"}}};
  logging.critical({}, "e", {{"password", "hidden"}});
  CHECK(log.count(" CRITICAL ") == 1);
  CHECK(log.count("\"password\": \"***\"") == 1);
  using List = json::array_t;
  CHECK(internal::mask_secrets({{"secrets", {{"token", 1}, {"id", 2}}}, {"all", List{List{}}}}) ==
        json{{"secrets", {{"token", "***"}, {"id", 2}}}, {"all", List{List{}}}});
  CHECK(internal::mask_secrets(List{json{{"token", 1}}}) == List{json{{"token", "***"}}});

  CHECK(
      internal::mask_secrets({{"adminPass", "x"}, {"id", 1}, {"nested", {{{"auth_token", 7}}}}}) ==
      json{{"adminPass", "***"}, {"id", 1}, {"nested", {{{"auth_token", "***"}}}}});
}

TEST_CASE("a notifier takes drivers, topics and retries from the configuration") {
  const auto config = thane::Config::parse(
      {}, {options(), notification_options()},
      {"THANE_TRANSPORT_URL=fake://", "THANE_OSLO_MESSAGING_NOTIFICATIONS__DRIVER=test,noop"});
  const Notifier notifier{config, Transport::for_notifications(config), "p"};
  notifier.error({}, "e", 1);
  REQUIRE(notifier.recorded().size() == 1);
  CHECK(notifier.recorded().front().publisher_id() == "p");
}

TEST_CASE("notifications may have a transport of their own") {
  const auto scheme = [](const std::string& own) {
    const auto config =
        thane::Config::parse({}, {options(), notification_options()},
                             {"THANE_TRANSPORT_URL=fake://",
                              "THANE_OSLO_MESSAGING_NOTIFICATIONS__TRANSPORT_URL=" + own});
    return Transport::for_notifications(config).url().transport;
  };
  CHECK(scheme("") == "fake");
  CHECK(scheme("rabbit://") == "rabbit");
}

struct Routed {
  // A configuration with these lines in its group, and routes.
  std::string with(const std::string& lines, const std::string& routes) {
    folder.write("routes.yaml", routes);
    folder.write("a.conf", "[DEFAULT]\ntransport_url = fake://\n[oslo_messaging_notifications]\n" +
                               lines + "\nrouting_config = " + folder.file("routes.yaml") + "\n");
    return folder.file("a.conf");
  }
  thane::Config load(const std::string& lines, const std::string& routes) {
    return thane::Config::parse({"--config-file", with(lines, routes)},
                                {options(), notification_options()});
  }
  // What --check-config says.
  std::string refusal(const std::string& lines, const std::string& routes) {
    try {
      notification_options().check(load(lines, routes));
    } catch (const thane::config_error& error) {
      const std::string text = error.what();
      const auto at = text.find(folder.path());
      return at == std::string::npos ? text : text.substr(at + folder.path().size() + 1);
    }
    return "none";
  }

  thane::testing::TemporaryDirectory folder;
};

TEST_CASE_FIXTURE(Routed, "driver routing gives each notification to those that its file names") {
  const auto config =
      load("driver = routing", "g: {test: {accepted_events: [a.*], accepted_priorities: [W*]}}");
  const Notifier notifier{config, Transport::for_notifications(config), "p"};
  const thane::testing::CapturedLog log;
  notifier.warn({}, "a.b", 1);
  notifier.info({}, "a.b", 2);
  notifier.warn({}, "b.a", 3);
  REQUIRE(notifier.recorded().size() == 1);
  CHECK(notifier.recorded().front().payload() == 1);
  CHECK(log.count("Routing 'a.b' notification to 'test' driver") == 1);
  CHECK(log.count("Routing ") == 1);
}

TEST_CASE_FIXTURE(Routed, "drivers and routes that will not do are told by --check-config") {
  CHECK(refusal("driver = routing,log", "g: {log: {}}") == "none");
  CHECK(refusal("driver = log\ndriver = pigeon", "") ==
        "a.conf:5: oslo_messaging_notifications.driver: notifications have no driver \"pigeon\"");
  CHECK(refusal("driver = routing", "g: {pigeon: {}}")
            .starts_with("routes.yaml:1: notifications have no driver \"pigeon\""));
  CHECK(refusal("driver = log", "nonsense: [") == "none");  // Nobody asks for it.
  CHECK_THROWS_AS((Notifier{Transport::from("fake://"), {.drivers = {"routing"}}}),
                  thane::config_error);
}

}  // namespace
