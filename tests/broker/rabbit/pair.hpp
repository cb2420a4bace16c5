// A server and a client of a RabbitMQ, in one process.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>

#include <thane/event.hpp>
#include <thane/rpc.hpp>

#include "node.hpp"
#include "support/eventually.hpp"

namespace thane::testing {

/// How often a method was called.
class Count {
 public:
  void add() {
    ++count_;
    news_.set();
  }
  [[nodiscard]] bool reaches(int wanted) {
    while (count_ < wanted) {
      news_.clear();
      if (!news_.wait_for(patience())) break;
    }
    return count_ == wanted;
  }
  [[nodiscard]] bool grows_within(Duration limit) {
    news_.clear();
    return news_.wait_for(limit);
  }

 private:
  int count_ = 0;
  Event news_;
};

/// Each has a transport of its own.
struct Pair {
  explicit Pair(const std::string& name, const std::string& query = {},
                const std::string& url = broker().url())
      : target{.exchange = "x-" + name, .topic = name},
        server(rpc::Transport::from(url + query),
               {.exchange = target.exchange, .topic = name, .server = "s1"}, {endpoint()}),
        client(rpc::Transport::from(url + query), target, {.timeout = std::chrono::seconds{15}}) {
    server.start();
  }
  ~Pair() {
    server.stop();
    server.wait();
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  nlohmann::json echo(nlohmann::json value) {
    return client.call("echo", {{"arg", std::move(value)}});
  }
  /// For a load: one call, whose answer has to be its own.
  std::function<void()> caller() {
    return [this, next = std::make_shared<int>(0)] {
      const int mine = ++*next;
      if (echo(mine) != mine) throw std::logic_error("another's answer");
    };
  }

  Count bumps;
  rpc::Target target;
  rpc::Server server;
  rpc::Client client;

 private:
  rpc::Endpoint endpoint() {
    rpc::Endpoint all{{.version = "1.3"}};
    all.method("echo", {"arg"}, [](const rpc::Context&, nlohmann::json arg) { return arg; });
    all.method("bump", {}, [this](const rpc::Context&) { bumps.add(); });
    all.method("fail", {}, [](const rpc::Context&) { throw rpc::Failure{"m", "C", "sorry"}; });
    return all;
  }
};

}  // namespace thane::testing
