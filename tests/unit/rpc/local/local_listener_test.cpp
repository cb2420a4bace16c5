// What a server of local:// does with the connections and frames that come to it.
#include "local/local_listener.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include <thane/event.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/internal/worker_slot.hpp>
#include <thane/timeout.hpp>

#include "support/temporary_directory.hpp"

using namespace thane::rpc::internal;
using nlohmann::json;

namespace {

// Keeps what comes.
struct Kept final : Receiver {
  void receive(std::unique_ptr<Incoming> message) noexcept override {
    messages.push_back(std::move(message));
    came.set();
  }
  void wait_for(std::size_t count) {
    while (messages.size() < count) {
      came.clear();
      came.wait();
    }
  }

  std::vector<std::unique_ptr<Incoming>> messages;
  thane::Event came;
};

struct ListeningServer {
  ListeningServer() {
    LocalListener::Doors doors;
    doors.push_back(std::make_unique<Door>(root, target, SocketRole::topic, target.server));
    name = doors.front()->name;
    listener = std::make_unique<LocalListener>(std::move(doors), nullptr);
  }

  /// `body` is given a client whom the server has taken.
  void run(const std::function<void(Link&)>& body) {
    thane::FiberLoop loop;
    loop.run([&] {
      const thane::Timeout limit{std::chrono::seconds{10}};
      listener->start(kept);
      bool busy = false;
      auto socket = SocketDirectory{root, target.exchange, target.topic}.connect(name, busy);
      REQUIRE(socket);
      const auto client = std::make_shared<Link>(thane::Stream{std::move(*socket)}, nullptr);
      CHECK(next_of(*client) == FrameKind::hello);
      body(*client);
      kept.messages.clear();
      client->close();
      listener->stop();
      listener->drain();
      listener->close();
    });
  }
  /// What comes to the client next; no kind at the end.
  static FrameKind next_of(Link& client) {
    const auto frame = client.next();
    return frame ? frame->kind : FrameKind{};
  }
  static json payload_of(const std::string& id) {
    return {{"method", "m"}, {"args", json::object()}, {"_msg_id", id}, {"_unique_id", "u" + id}};
  }

  thane::testing::TemporaryDirectory folder;
  std::string root = folder.file("rpc");
  thane::rpc::Target target{.exchange = "e", .topic = "t", .server = "s"};
  std::string name;
  Kept kept;
  std::unique_ptr<LocalListener> listener;
};

TEST_CASE_FIXTURE(ListeningServer,
                  "a call that is no message is lost, and the next one is served") {
  run([&](Link& client) {
    client.send({.kind = FrameKind::call, .id = 1, .payload = "[]"});
    const auto lost = client.next();
    REQUIRE(lost);
    CHECK(lost->kind == FrameKind::lost);
    CHECK(lost->id == 1);
    client.send({.kind = FrameKind::call, .id = 2}, payload_of("2"));
    kept.wait_for(1);
    kept.messages.front()->reply({.result = "done"});
    const auto reply = client.next();
    REQUIRE(reply);
    CHECK(reply->kind == FrameKind::reply);
    CHECK(reply->id == 2);
  });
}

TEST_CASE_FIXTURE(ListeningServer, "who sends what only servers send, or no frames, is left") {
  run([&](Link& client) {
    client.send({.kind = FrameKind::reply, .id = 1}, payload_of("1"));
    CHECK(next_of(client) == FrameKind{});
    CHECK(kept.messages.empty());
  });
}

TEST_CASE_FIXTURE(ListeningServer, "clients are counted for who shares connections out") {
  const auto& connections = thane::internal::own_slot().connections;
  const auto before = connections.load();
  run([&](Link& client) {
    CHECK(connections.load() == before + 1);
    client.finish();
    CHECK(next_of(client) == FrameKind{});
    CHECK(connections.load() == before);
  });
  CHECK(connections.load() == before);
}

TEST_CASE_FIXTURE(ListeningServer, "a message that is requeued comes again, and says so") {
  run([&](Link& client) {
    client.send({.kind = FrameKind::call, .id = 7}, payload_of("7"));
    kept.wait_for(1);
    CHECK_FALSE(kept.messages.front()->redelivered);
    kept.messages.front()->requeue();
    kept.wait_for(2);
    CHECK(kept.messages.back()->redelivered);
    CHECK(kept.messages.back()->message_id == "7");
    kept.messages.erase(kept.messages.begin());
    kept.messages.front()->reply({.result = 1});
    CHECK(next_of(client) == FrameKind::reply);
  });
}

TEST_CASE_FIXTURE(
    ListeningServer,
    "a message that is requeued while its server stops is lost, and its caller told") {
  run([&](Link& client) {
    client.send({.kind = FrameKind::call, .id = 7}, payload_of("7"));
    kept.wait_for(1);
    listener->stop();
    CHECK(next_of(client) == FrameKind::drain);
    kept.messages.front()->requeue();
    CHECK(kept.messages.size() == 1);
    CHECK(next_of(client) == FrameKind::lost);
  });
}

TEST_CASE_FIXTURE(ListeningServer, "of one client no more is read while much of it is at work") {
  run([&](Link& client) {
    constexpr std::size_t more = 50;
    for (std::size_t id = 1; id <= Link::most_at_work + more; ++id) {
      client.send({.kind = FrameKind::call, .id = id}, payload_of(std::to_string(id)));
    }
    client.flush();
    kept.wait_for(Link::most_at_work);
    CHECK(kept.messages.size() == Link::most_at_work);
    for (std::size_t done = 0; done < more; ++done) kept.messages.pop_back();
    kept.wait_for(Link::most_at_work);
    while (kept.messages.size() > 1) kept.messages.pop_back();
    CHECK(kept.messages.front()->message_id == "1");
  });
}

}  // namespace
