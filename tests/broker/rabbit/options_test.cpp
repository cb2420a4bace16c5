// The options of rabbit:// on a real RabbitMQ: logins, names and kinds of queues, and what happens
// where programs do not agree on them.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include <thane/event.hpp>
#include <thane/offload.hpp>
#include <thane/rpc.hpp>

#include "node.hpp"

namespace rpc = thane::rpc;
using nlohmann::json;
using namespace std::chrono_literals;
using namespace thane::testing;

namespace {

std::string evaluate(const std::string& expression) {
  return thane::offload([&] { return broker().eval(expression); });
}

std::string tls_url(const std::string& more) {
  return "rabbit://localhost:" + std::to_string(broker().tls_port()) +
         "/?ssl=true&ssl_ca_file=" + node().authority.certificate() + more;
}

std::string certificate_of_guest() {
  return "&ssl_cert_file=" + node().guest.certificate + "&ssl_key_file=" + node().guest.key;
}

// A server that counts what it hears.
class Hearing {
 public:
  Hearing(const std::string& url, const std::string& topic, const std::string& name = "s1")
      : server_(rpc::Transport::from(url),
                {.exchange = "x-" + topic, .topic = topic, .server = name}, {endpoint()}) {
    server_.start();
  }
  ~Hearing() { end(); }
  Hearing(const Hearing&) = delete;
  Hearing& operator=(const Hearing&) = delete;

  void end() {
    server_.stop();
    server_.wait();
  }
  // Blocks until it has heard all of that, in any order, and nothing else.
  [[nodiscard]] bool has_heard(const std::vector<int>& wanted) {
    while (heard_.size() < wanted.size()) {
      more_.clear();
      more_.wait();
    }
    return std::ranges::is_permutation(heard_, wanted);
  }

 private:
  rpc::Endpoint endpoint() {
    rpc::Endpoint all;
    all.method("echo", {"arg"}, [](const rpc::Context&, json arg) { return arg; });
    all.method("hear", {"what"}, [this](const rpc::Context&, int what) {
      heard_.push_back(what);
      more_.set();
    });
    return all;
  }

  std::vector<int> heard_;
  thane::Event more_;
  rpc::Server server_;
};

rpc::Client client_of(const std::string& url, const std::string& topic) {
  return {rpc::Transport::from(url), {.exchange = "x-" + topic, .topic = topic}, {.timeout = 10s}};
}

bool answers(const rpc::Client& client) {
  return client.call("echo", {{"arg", 7}}) == 7;
}

template <class Error, class Call>
std::string refusal(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "none";
}

bool contains(const std::string& text, const std::string& part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) MESSAGE(text);
  return found;
}

TEST_CASE("each way to log in is taken, by a certificate too") {
  on_loop([] {
    const std::string plain = broker().url() + "?rabbit_login_method=";
    const std::string external = "&rabbit_login_method=EXTERNAL&ssl_version=TLSv1_2";
    const Hearing by_name{plain + "RABBIT-CR-DEMO", "logins"};
    CHECK(answers(client_of(plain + "PLAIN", "logins")));
    CHECK(answers(client_of(plain + "AMQPLAIN", "logins")));
    const auto by_certificate = client_of(tls_url(external) + certificate_of_guest(), "logins");
    CHECK(answers(by_certificate));
    const std::string connections =
        evaluate("rabbit_networking:connection_info_all([auth_mechanism, user, ssl_protocol])");
    const std::string guest = "\">>},{user,<<\"guest\">>},{ssl_protocol,";
    CHECK(contains(connections, "RABBIT-CR-DEMO" + guest + "''}"));
    CHECK(contains(connections, "EXTERNAL" + guest + "'tlsv1.2'}"));
    const auto nameless = client_of(tls_url(external), "logins");
    CHECK(contains(refusal<rpc::MessageDeliveryFailure>([&] { nameless.cast("hear"); }), "403"));
  });
}

TEST_CASE("TLS is spoken with a broker whose certificate is trusted, in the version asked for") {
  on_loop([] {
    const Hearing server{tls_url("&ssl_enforce_hostname_verification=true"), "secret"};
    CHECK(answers(client_of(tls_url("&ssl_version=TLSv1_3"), "secret")));
    const std::string untrusted =
        "rabbit://localhost:" + std::to_string(broker().tls_port()) + "/?ssl=true";
    // Another way to write 127.0.0.1, which is in no certificate.
    const auto called_otherwise = [](const std::string& more) {
      std::string url = tls_url(more);
      return url.replace(url.find("localhost"), 9, "127.1");
    };
    CHECK(answers(client_of(called_otherwise(""), "secret")));
    for (const auto& [url, why] :
         {std::pair{tls_url("&ssl_version=TLSv1"), "TLS: "}, std::pair{untrusted, "not trusted"},
          std::pair{called_otherwise("&ssl_enforce_hostname_verification=true"), "127.1"}}) {
      const auto wary = client_of(url, "secret").prepare({.retry = 0});
      CHECK(contains(refusal<rpc::MessageDeliveryFailure>([&] { wary.cast("hear"); }), why));
    }
  });
}

TEST_CASE(
    "fanout by a stream reaches each server once, also what it has missed while it was away") {
  on_loop([] {
    const std::string url = broker().url() +
                            "?rabbit_stream_fanout=true&rabbit_transient_quorum_queue=true"
                            "&rabbit_qos_prefetch_count=10&kombu_reconnect_delay=";
    Hearing one{url + "0.5", "stream"};
    Hearing two{url + "0.5", "stream", "s2"};
    const auto all = client_of(url + "0.1", "stream").prepare({.fanout = true});
    for (const int i : {1, 2}) all.cast("hear", {{"what", i}});
    CHECK(one.has_heard({1, 2}));
    CHECK(two.has_heard({1, 2}));
    at_broker([](RabbitMq& it) { it.close_connections(); });
    for (const int i : {3, 4}) all.cast("hear", {{"what", i}});
    CHECK(one.has_heard({1, 2, 3, 4}));
    CHECK(two.has_heard({1, 2, 3, 4}));
    two.end();
    all.cast("hear", {{"what", 5}});  // The stream is not deleted with a server.
    CHECK(one.has_heard({1, 2, 3, 4, 5}));
    CHECK(answers(client_of(url + "0.1", "stream")));
  });
}

TEST_CASE("with the queue manager queues have names that tell their owners, and stay") {
  on_loop([] {
    const std::string process = "options-test-" + std::to_string(::getpid());
    const std::string url =
        broker().url() + "?use_queue_manager=true&hostname=node1&processname=" + process;
    {
      Hearing server{url, "named"};
      const auto client = client_of(url, "named");
      CHECK(answers(client));
      client.prepare({.fanout = true}).cast("hear", {{"what", 1}});
      CHECK(server.has_heard({1}));
    }
    std::filesystem::remove("/dev/shm/node1_" + process + "_qmanager");
    const std::string queues = evaluate("rabbit_amqqueue:list_names()");
    CHECK(contains(queues, "named_fanout_node1:" + process + ":1\">>"));
    CHECK(contains(queues, "reply_node1:" + process + ":2\">>"));
  });
}

TEST_CASE("who wants durable queues takes those that are not; the reverse is refused") {
  on_loop([] {
    const std::string plain = broker().url();
    const std::string durable = plain + "?amqp_durable_queues=true";
    {
      const Hearing first{plain, "given"};
      const Hearing second{durable, "given", "s2"};
      const auto client = client_of(durable, "given");
      CHECK(answers(client));
      CHECK(answers(client.prepare({.server = "s2"})));
    }
    const Hearing first{durable, "kept"};
    const std::string told = refusal<rpc::ServerListenError>([&] {
      const Hearing second{plain, "kept", "s2"};
    });
    CHECK(contains(told, "406 PRECONDITION_FAILED"));
    CHECK(contains(told, "with another amqp_durable_queues"));
    const auto client = client_of(plain, "kept");
    CHECK(contains(refusal<rpc::MessageDeliveryFailure>([&] { client.cast("hear"); }),
                   "with another amqp_durable_queues"));
  });
}

TEST_CASE("queues of other kinds are refused with the option that makes them") {
  on_loop([] {
    const std::string plain = broker().url();
    const Hearing first{plain + "?amqp_durable_queues=true", "kinds"};
    const std::vector<std::pair<std::string, std::string>> others{
        {"rabbit_quorum_queue=true", "rabbit_quorum_queue"},
        {"amqp_durable_queues=true&amqp_auto_delete=true", "amqp_auto_delete"}};
    for (const auto& [query, option] : others) {
      CHECK(contains(refusal<rpc::ServerListenError>([&, query = query] {
                       const Hearing second{plain + "?" + query, "kinds", "s2"};
                     }),
                     "with another " + option));
    }
  });
}

}  // namespace
